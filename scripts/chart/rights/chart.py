"""The world of one release: from its objects, rendered or of a cluster, with two previews and everybody else around."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from implementation_dag.check.rights import Identity, Object, Right, granted
from implementation_dag.contract import names
from implementation_dag.preview import preview_objects

from .limits import Controller, Policies
from .world import World

PREVIEWS = ("impl-pr-1", "impl-pr-2")
ELSEWHERE = "kube-system"
# Anybody of whom the chart knows nothing.
OTHER = "another"
CORE = ("runner", "reporter", "provisioner", "controller", "pull-requests", "receiver", "reaper", "box")
WORDS = {PREVIEWS[0]: "preview 1", PREVIEWS[1]: "preview 2", ELSEWHERE: "any other namespace", "": "the whole cluster"}


def fences(objects: Iterable[Object], release: str, preview: str) -> list[Object]:
    """Return what the provisioner of the release puts into `preview`."""
    name = f"{release}-provisioner"
    found = next(item for item in objects if item["kind"] == "Deployment" and item["metadata"]["name"] == name)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    (text,) = [item["value"] for item in container["env"] if item["name"] == "OBJECTS"]
    # What is loaded is changed.
    return preview_objects.load(text, preview, f"{preview}.example.com", {})


def world(objects: Iterable[Object], release: str, namespace: str, policies: bool) -> World:
    """Return the world in which the release has made both previews; with or without its admission policies."""
    items = [copy.deepcopy(item) for item in objects]
    everything = items + [fence for preview in PREVIEWS for fence in fences(items, release, preview)]
    given = granted(_complete(everything))
    deployers = [names.deployer(release, place) for place in (*PREVIEWS, ELSEWHERE)]
    own = [Identity(namespace, name) for name in (*(f"{release}-{core}" for core in CORE), *deployers)]
    others = [Identity(place, OTHER) for place in (namespace, ELSEWHERE)]
    limits = (Policies if policies else Controller)(release, namespace, frozenset(PREVIEWS))
    default = [Identity(preview, "default") for preview in PREVIEWS]
    return World(
        frozenset([namespace, *PREVIEWS, ELSEWHERE]),
        frozenset([*own, *others, *default, *given]),
        {who: frozenset(rights) for who, rights in given.items()},
        _roles(items),
        frozenset(PREVIEWS),
        frozenset(others),
        limits,
    )


def _complete(objects: list[Object]) -> list[Object]:
    """Return the roles, and those bindings whose role is among them."""
    roles = {(item["kind"], item["metadata"]["name"]) for item in objects if item["kind"] in ("Role", "ClusterRole")}
    return [
        item
        for item in objects
        if item["kind"] in ("Role", "ClusterRole")
        or (
            item["kind"] in ("RoleBinding", "ClusterRoleBinding")
            and (item["roleRef"]["kind"], item["roleRef"]["name"]) in roles
        )
    ]


def _roles(objects: list[Object]) -> dict[str, frozenset[Right]]:
    """Return every ClusterRole with its rights, as one that could be given."""
    subject = Identity("", "")
    found = {}
    for item in objects:
        if item["kind"] == "ClusterRole":
            name = item["metadata"]["name"]
            binding = {
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": {"kind": "ClusterRole", "name": name},
                "subjects": [{"namespace": "", "name": ""}],
            }
            found[name] = frozenset(granted([item, binding]).get(subject, []))
    return found


def pods(objects: Iterable[Object], release: str) -> dict[str, list[str]]:
    """Return for each identity of the release the pods that run as it, and the Secrets that each of them mounts."""
    found: dict[str, list[str]] = {}
    for item in objects:
        if item["kind"] == "WorkflowTemplate":
            for template in item["spec"]["templates"]:
                if "container" in template or "containerSet" in template or "initContainers" in template:
                    account = template.get("serviceAccountName") or item["spec"].get(
                        "serviceAccountName", f"{release}-runner"
                    )
                    found.setdefault(account, []).append(_pod(f"step {template['name']}", template))
        elif item["kind"] in ("Deployment", "Pod"):
            spec = item["spec"]["template"]["spec"] if item["kind"] == "Deployment" else item["spec"]
            words = f"{item['kind'].lower()} {item['metadata']['name']}"
            found.setdefault(spec.get("serviceAccountName", "default"), []).append(_pod(words, spec))
    return found


def _pod(words: str, spec: Object) -> str:
    volumes = spec.get("volumes", [])
    secrets = sorted({volume["secret"]["secretName"] for volume in volumes if "secret" in volume})
    return words + (f", with Secret {', '.join(secrets)}" if secrets else "")
