"""Command render-preview: the manifests of previews that an administrator makes beforehand (docs/operator.md).

They are made from the release's own WorkflowTemplate, by the code that makes previews where the pipeline may: so they
are what its provision step will look for.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

import yaml

from implementation_dag.base.errors import StepError
from implementation_dag.contract import arguments, labels, names, settings
from implementation_dag.preview import preview_objects

Object = dict[str, Any]
PULL_REQUEST = re.compile(r"(?P<owner>[^/#]+)/(?P<repo>[^/#]+)#(?P<pr>[^/#]+)")


def main(given: Sequence[str]) -> int:
    """Print the manifests of the pull requests `given`; the WorkflowTemplate comes by stdin. Raises StepError."""
    parser = argparse.ArgumentParser(prog="python -m implementation_dag render-preview", description=__doc__)
    parser.add_argument("pulls", metavar="owner/repo#number", nargs="+", help="a pull request")
    parser.add_argument("--domain", help="domain of its host, where its runs are given another than the release's own")
    asked = parser.parse_args(given)
    release = pipeline(sys.stdin.read())
    made = [manifest for pull in asked.pulls for manifest in render(release, pull, asked.domain)]
    yaml.safe_dump_all(made, sys.stdout, sort_keys=False, explicit_start=True)
    return 0


def pipeline(text: str) -> Object:
    """Return the spec of the pipeline's WorkflowTemplate in `text`, as helm or kubectl write it. Raises StepError."""
    try:
        read = [item for item in yaml.safe_load_all(text) if isinstance(item, dict)]
    except yaml.YAMLError as error:
        raise StepError(f"standard input is not YAML: {error}") from None
    templates = [item["spec"] for item in read if item.get("kind") == "WorkflowTemplate"]
    found = [spec for spec in templates if "provision" in _steps(spec)]
    if len(found) != 1:
        raise StepError(
            f"standard input has {len(found)} WorkflowTemplates with a template provision, must have one: give what "
            "`helm template` or `kubectl get workflowtemplate -o yaml` says of the release"
        )
    return dict(found[0])


def render(release: Object, pull: str, domain: str | None = None) -> list[Object]:
    """Return what the preview of `pull` (owner/repo#number) is made of. Raises StepError, ArgumentError."""
    match = PULL_REQUEST.fullmatch(pull)
    if not match:
        raise StepError(f"pull request is {arguments.shown(pull)}: must be owner/repo#number")
    owner, repo, pr = match["owner"], match["repo"], match["pr"]
    domain = domain or next(item["value"] for item in release["arguments"]["parameters"] if item["name"] == "domain")
    arguments.validate({"owner": owner, "repo": repo, "pr": pr, "domain": domain})
    steps = _steps(release)
    variables, provision = _variables(steps["set-params"]), _variables(steps["provision"])
    naming = settings.load(settings.OfSetParams, variables).namespace
    told = settings.load(settings.OfProvision, provision)
    if told.installation.cluster_scoped:
        raise StepError("the release makes its previews itself: value rbac.clusterScoped is true")
    name = names.namespace(owner, repo, pr, naming.scope, naming.prefix)
    host = names.host(names.release(repo, pr), name, domain, naming.scope)
    own = labels.of_preview(repo, pr, provision["INSTALLATION"])
    (fences,) = [item["raw"]["data"] for item in steps["provision"]["inputs"]["artifacts"] if item["name"] == "fences"]
    namespace = preview_objects.namespace(name, host, own, labels.ownership(owner, repo, pr), told.preview)
    return [namespace, *preview_objects.load(fences, name, host, own)]


def _steps(spec: Object) -> dict[str, Object]:
    return {step["name"]: step for step in spec.get("templates", [])}


def _variables(step: Object) -> dict[str, str]:
    # The kubelet reads $$ as $.
    return {item["name"]: str(item.get("value", "")).replace("$$", "$") for item in step["container"]["env"]}
