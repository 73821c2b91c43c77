"""Command render-preview: the manifests of previews that an administrator makes beforehand (docs/operator.md).

They are made from what the release tells its provisioner, by the code that makes previews where the pipeline may: so
they are what its provision step will look for.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from implementation_dag.base.errors import StepError
from implementation_dag.contract import arguments, labels, settings
from implementation_dag.preview import preview_objects

from . import set_params

Object = dict[str, Any]
KINDS = ("WorkflowTemplate", "Deployment")
PULL_REQUEST = re.compile(r"(?P<owner>[^/#]+)/(?P<repo>[^/#]+)#(?P<pr>[^/#]+)")


def main(given: Sequence[str]) -> int:
    """Print the manifests of the pull requests `given`; the release comes by stdin. Raises StepError."""
    parser = argparse.ArgumentParser(prog="python -m implementation_dag render-preview", description=__doc__)
    parser.add_argument("pulls", metavar="owner/repo#number", nargs="+", help="a pull request")
    parser.add_argument("--domain", help="domain of its host, where its runs are given another than the release's own")
    asked = parser.parse_args(given)
    release = told(sys.stdin.read())
    made = [manifest for pull in asked.pulls for manifest in render(release, pull, asked.domain)]
    yaml.safe_dump_all(made, sys.stdout, sort_keys=False, explicit_start=True)
    return 0


@dataclass(frozen=True)
class Release:
    """What is known of a release: the domain of its previews, and what its provisioner is told."""

    domain: str
    env: dict[str, str]


def told(text: str) -> Release:
    """Return what `text`, as helm or kubectl write it, says of the release. Raises StepError."""
    try:
        read = [*_objects([*yaml.safe_load_all(text)])]
    # Of a date or number that is none, or too deep.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StepError(f"standard input is not YAML: {error}") from None
    specs = {kind: [item.get("spec") for item in read if item.get("kind") == kind] for kind in KINDS}
    pipeline = _one("WorkflowTemplate", specs, "templates", "provision")
    provisioner = _one("Deployment", specs, "template", "spec", "containers", "provisioner")
    env = _at(provisioner, "template", "spec", "containers", "provisioner", "env")
    listed = [item for item in env if isinstance(item, dict) and "name" in item] if isinstance(env, list) else []
    # The kubelet reads $$ as $.
    variables = {str(item["name"]): str(item.get("value", "")).replace("$$", "$") for item in listed}
    return Release(str(_at(pipeline, "arguments", "parameters", "domain", "value")), variables)


def _one(kind: str, specs: dict[str, list[Any]], *way: str) -> Object:
    found = [spec for spec in specs[kind] if isinstance(_found(spec, *way), dict)]
    if len(found) != 1:
        raise StepError(
            f"standard input has {len(found)} {kind}s with {way[-1]}, must have one: give what `helm template` or "
            "`kubectl get workflowtemplates,deployments -o yaml` says of the release"
        )
    return dict(found[0])


def render(release: Release, pull: str, domain: str | None = None) -> list[Object]:
    """Return what the preview of `pull` (owner/repo#number) is made of. Raises StepError, ArgumentError."""
    match = PULL_REQUEST.fullmatch(pull)
    if not match:
        raise StepError(f"pull request is {arguments.shown(pull)}: must be owner/repo#number")
    owner, repo, pr = match["owner"], match["repo"], match["pr"]
    given = {"owner": owner, "repo": repo, "pr": pr, "domain": domain or release.domain}
    arguments.validate(given)
    found = settings.load(settings.OfProvisioner, release.env)
    if found.installation.cluster_scoped:
        raise StepError("the release makes its previews itself: value rbac.clusterScoped is true")
    name, host = set_params.host(given, found.namespace)
    own = labels.of_preview(repo, pr, str(_at(release.env, "RELEASE")))
    namespace = preview_objects.namespace(name, host, own, labels.ownership(owner, repo, pr), found.preview)
    fences = str(_at(release.env, "OBJECTS"))
    try:
        return [namespace, *preview_objects.load(fences, name, host, own)]
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError):
        raise StepError(f"OBJECTS of the provisioner is {fences!r:.80}: must be the release's own") from None


def _objects(read: list[Any]) -> Iterator[Object]:
    """The objects, those in a List too: as such kubectl prints several."""
    for item in read:
        if isinstance(item, dict):
            yield item
            if item.get("kind") == "List" and isinstance(item.get("items"), list):
                yield from _objects(item["items"])


def _at(found: Any, *way: str) -> Any:
    """What is at the end of the way. Raises StepError when it leads nowhere: somebody changed what the chart wrote."""
    there = _found(found, *way)
    if there is None:
        raise StepError(
            f"standard input has a release without {'.'.join(way)}: give it as `helm template` or "
            "`kubectl get workflowtemplates,deployments -o yaml` says"
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
