"""Labels and annotations of what the pipeline makes: each key is spelled here, and nowhere else in Python.

The chart's templates spell them too; tests/unit/contract holds both to one text.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import names

# The API group of our own kinds, and the prefix of our own keys.
GROUP = "implementation-dag.dev"

# The specification's labels (Resource Labeling Strategy).
PREVIEW = "preview"
PR = "pr"
WORKFLOW = "workflow"
REPO = "repo"
MANAGED_BY = "managed-by"
# Value of MANAGED_BY.
MANAGER = "implementation-dag"

# Which installation of the chart a preview belongs to; admission policies find previews by it.
RELEASE = f"{GROUP}/release"
# The controller's pods and ours: the pipeline's network policies find them by it.
FENCED = f"{GROUP}/fenced"
# Pods of agents: the controller finds them by it, and so do the network policies of boxes.
BOXED = f"{GROUP}/boxed"
# Of a Workflow that the controller of pull requests started: the name of its Preview object.
PULL_REQUEST = f"{GROUP}/pull-request"

# Annotations that say whose preview a namespace is; labels cannot hold every repository name.
OWNER_OF_PREVIEW = f"{GROUP}/owner"
REPO_OF_PREVIEW = f"{GROUP}/repo"
PR_OF_PREVIEW = f"{GROUP}/pr"
# The host of a preview; admission policies let its Ingresses and routes answer for nothing else.
HOST = f"{GROUP}/host"
# Of a preview's namespace: the run that succeeded and let it stay, so that it stays when that run's Workflow is gone.
KEPT = f"{GROUP}/kept"
# Of a Preview object: the moment at which the forge had news of it. A change of it is a reason to look.
LOOK = f"{GROUP}/look"
# Of a Preview object: it was not claimed when another's turn had come.
PASSED_OVER = f"{GROUP}/passed-over"
# Of a Preview's status: the condition that says whether somebody wants the preview; the reaper goes by it.
WANTED = "Wanted"
# When a preview has to go: the specification's annotation, and kube-janitor's own.
EXPIRES = ("janitor.stakater.com/expires", "janitor/expires")

# Every key with our prefix.
OWN = (
    *(RELEASE, FENCED, BOXED, PULL_REQUEST, LOOK, PASSED_OVER, KEPT),
    *(OWNER_OF_PREVIEW, REPO_OF_PREVIEW, PR_OF_PREVIEW, HOST),
)
# Labels whose value is the release that a thing is of.
OF_A_RELEASE = (RELEASE, FENCED, BOXED)
# What pods of DocsRuns and AgentRuns take over from the object that they are of.
_INHERITED = (PREVIEW, PR, WORKFLOW, REPO, RELEASE)


def of_preview(repo: str, pr: str, installation: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a preview (spec, Resource Labeling Strategy)."""
    return {
        PREVIEW: "true",
        PR: pr,
        REPO: names.label_value(repo),
        MANAGED_BY: MANAGER,
        RELEASE: installation,
    }


def ownership(owner: str, repo: str, pr: str) -> dict[str, str]:
    """Return the annotations that say whose preview a namespace is."""
    return {OWNER_OF_PREVIEW: owner, REPO_OF_PREVIEW: repo, PR_OF_PREVIEW: pr}


def inherited(labels: Mapping[str, str]) -> dict[str, str]:
    """Return those of an object's `labels` that its pods take over."""
    return {key: labels[key] for key in _INHERITED if key in labels}
