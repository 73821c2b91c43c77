"""Compare two renders of a release: what the API server would refuse, and what would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]
# Fields that cannot be changed in place (Kubernetes API reference, "immutable" in each kind's validation).
IMMUTABLE: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"),
    "ReplicaSet": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completionMode", "spec.completions"),
    "Service": ("spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName", "spec.selector"),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "Secret": ("type",),
    "IngressClass": ("spec.controller",),
    "PriorityClass": ("value", "preemptionPolicy"),
    "CustomResourceDefinition": ("spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"),
}


def problems(old: Iterable[Object], new: Iterable[Object]) -> list[str]:
    """Return in words what `helm upgrade` from the objects `old` to `new` would break, object by object.

    That is: objects that vanish, immutable fields that change, immutable ConfigMaps and Secrets with other data,
    and versions or fields of a CRD that are gone while objects that use them may exist.
    """
    before = {_address(item): item for item in old if not _is_hook(item)}
    after = {_address(item): item for item in new if not _is_hook(item)}
    found = [f"{address}: lost" for address in before if address not in after]
    for address, item in before.items():
        if address in after:
            found += [f"{address}: {text}" for text in _changed(item, after[address])]
    return found


def _address(item: Object) -> str:
    # The API version is left out: an object moves between versions without being made anew.
    group = item["apiVersion"].rpartition("/")[0]
    kind = f"{item['kind']}.{group}" if group else item["kind"]
    metadata = item["metadata"]
    return "/".join(part for part in (kind, metadata.get("namespace", ""), metadata["name"]) if part)


def _is_hook(item: Object) -> bool:
    # Hooks are made anew each time.
    return "helm.sh/hook" in (item["metadata"].get("annotations") or {})


def _changed(old: Object, new: Object) -> Iterator[str]:
    for path in IMMUTABLE.get(old["kind"], ()):
        before, after = _at(old, path), _at(new, path)
        if before != after:
            yield f"{path} cannot be changed: {before!r} → {after!r}"
    if old["kind"] in ("ConfigMap", "Secret") and old.get("immutable") and old.get("data") != new.get("data"):
        yield "data cannot be changed: the object is immutable; give it another name"
    if old["kind"] == "CustomResourceDefinition":
        yield from _crd_losses(old, new)


def _at(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _crd_losses(old: Object, new: Object) -> Iterator[str]:
    after = {version["name"]: version for version in new["spec"]["versions"]}
    for version in old["spec"]["versions"]:
        name = version["name"]
        if name not in after or not after[name]["served"]:
            yield f"version {name} is no longer served: objects of it cannot be read"
            continue
        before, now = (_fields(item["schema"]["openAPIV3Schema"]) for item in (version, after[name]))
        for path, kind in before.items():
            if path not in now:
                yield f"{name} loses the field {path}: what is stored in it is dropped"
            elif now[path] != kind:
                yield f"{name} changes the type of {path}: {kind} → {now[path]}"
        newly = _required(after[name]["schema"]["openAPIV3Schema"]) - _required(version["schema"]["openAPIV3Schema"])
        for path in sorted(newly):
            yield f"{name} demands {path}: stored objects may lack it"


def _fields(schema: Object, prefix: str = "") -> dict[str, str]:
    found = {}
    for name, part in schema.get("properties", {}).items():
        found[f"{prefix}.{name}"] = str(part.get("type", "any"))
        found |= _fields(part, f"{prefix}.{name}")
    if isinstance(items := schema.get("items"), dict):
        found |= _fields(items, f"{prefix}[]")
    return found


def _required(schema: Object, prefix: str = "") -> set[str]:
    found = {f"{prefix}.{name}" for name in schema.get("required", []) if "default" not in schema["properties"][name]}
    for name, part in schema.get("properties", {}).items():
        found |= _required(part, f"{prefix}.{name}")
    if isinstance(items := schema.get("items"), dict):
        found |= _required(items, f"{prefix}[]")
    return found
