"""Command render-preview: the manifests of previews that an administrator makes beforehand (docs/operator.md).

They are made from the release's own WorkflowTemplate, by the code that makes previews where the pipeline may: so they
are what its provision step will look for.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
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
        read = [*yaml.safe_load_all(text)]
    # Of a date or number that is none, or too deep.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StepError(f"standard input is not YAML: {error}") from None
    templates = [item.get("spec") for item in _objects(read) if item.get("kind") == "WorkflowTemplate"]
    found = [spec for spec in templates if spec and isinstance(_found(spec, "templates", "provision"), dict)]
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
    domain = domain or str(_at(release, "arguments", "parameters", "domain", "value"))
    arguments.validate({"owner": owner, "repo": repo, "pr": pr, "domain": domain})
    variables, provision = _variables(release, "set-params"), _variables(release, "provision")
    naming = settings.load(settings.OfSetParams, variables).namespace
    told = settings.load(settings.OfProvision, provision)
    if told.installation.cluster_scoped:
        raise StepError("the release makes its previews itself: value rbac.clusterScoped is true")
    name = names.namespace(owner, repo, pr, naming.scope, naming.prefix)
    host = names.host(names.release(repo, pr), name, domain, naming.scope)
    own = labels.of_preview(repo, pr, str(_at(provision, "INSTALLATION")))
    fences = str(_at(release, "templates", "provision", "inputs", "artifacts", "fences", "raw", "data"))
    namespace = preview_objects.namespace(name, host, own, labels.ownership(owner, repo, pr), told.preview)
    try:
        return [namespace, *preview_objects.load(fences, name, host, own)]
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError):
        raise StepError(f"artifact fences of template provision is {fences!r:.80}: must be the release's own") from None


def _objects(read: list[Any]) -> Iterator[Object]:
    """The objects, those in a List too: as such kubectl prints several."""
    for item in read:
        if isinstance(item, dict):
            yield item
            if item.get("kind") == "List" and isinstance(item.get("items"), list):
                yield from _objects(item["items"])


def _variables(release: Object, step: str) -> dict[str, str]:
    env = _at(release, "templates", step, "container", "env")
    listed = [item for item in env if isinstance(item, dict) and "name" in item] if isinstance(env, list) else []
    # The kubelet reads $$ as $.
    return {str(item["name"]): str(item.get("value", "")).replace("$$", "$") for item in listed}


def _at(found: Any, *way: str) -> Any:
    """What is at the end of the way. Raises StepError when it leads nowhere: somebody changed what the chart wrote."""
    there = _found(found, *way)
    if there is None:
        raise StepError(
            f"standard input has a WorkflowTemplate without {'.'.join(way)}: give it as "
            "`helm template` or `kubectl get workflowtemplate -o yaml` says"
        )
    return there


def _found(found: Any, *way: str) -> Any:
    """What is at the end of the way through keys, and through lists by the name of an item; None: nothing."""
    for key in way:
        if isinstance(found, list):
            found = next((item for item in found if isinstance(item, dict) and item.get("name") == key), None)
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found
