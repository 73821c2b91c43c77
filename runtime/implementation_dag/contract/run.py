"""Which run a step belongs to, read from its environment and validated once more."""

from __future__ import annotations

import os
from dataclasses import dataclass

from implementation_dag.base.log import know

from . import arguments, labels, names


@dataclass(frozen=True)
class Run:
    """One workflow run: its pull request and the Workflow object that it is."""

    owner: str
    repo: str
    pr: str
    workflow: str
    workflow_uid: str
    namespace: str
    # The pipeline's own Helm release: several may share a cluster, and none touches another's previews.
    installation: str

    @property
    def pull_request(self) -> str:
        """``owner/repo#pr``, as people write it."""
        return f"{self.owner}/{self.repo}#{self.pr}"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that we create for a preview: those of the preview, and which run made it."""
        own = labels.of_preview(self.repo, self.pr, self.installation)
        return own | {labels.WORKFLOW: names.label_value(self.workflow)}

    @property
    def owner_reference(self) -> dict[str, str]:
        """The Workflow as the owner of what the run makes: it goes when the Workflow goes."""
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": self.workflow,
            "uid": self.workflow_uid,
        }

    @property
    def ownership(self) -> dict[str, str]:
        """Annotations that say whose preview a namespace is."""
        return labels.ownership(self.owner, self.repo, self.pr)


def from_environment() -> Run:
    """Return the run named by OWNER, REPO and PR (in base64), WORKFLOW, WORKFLOW_UID, NAMESPACE and INSTALLATION.

    Raises ArgumentError.
    """
    env = os.environ
    named = {name: arguments.decoded(env, name.upper()) for name in ("owner", "repo", "pr")}
    arguments.validate(named)
    know(repo=f"{named['owner']}/{named['repo']}", pr=named["pr"])
    return Run(
        **named,
        workflow=env["WORKFLOW"],
        workflow_uid=env["WORKFLOW_UID"],
        namespace=env["NAMESPACE"],
        installation=env["INSTALLATION"],
    )
