"""Rendered objects, addressed by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from idag.render.manifests import ManifestError, Object, load

# Where the pod is in the kinds that have one.
_PODS = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATED = ("spec", "template", "spec")


class Manifest:
    """One object. `data` is the plain dict; do not change it, other renders share it."""

    def __init__(self, data: Object) -> None:
        self.data = data

    @property
    def kind(self) -> str:
        return str(self.data["kind"])

    @property
    def api_version(self) -> str:
        return str(self.data["apiVersion"])

    @property
    def group(self) -> str:
        """API group; empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def name(self) -> str:
        metadata = self.data["metadata"]
        return str(metadata.get("name") or metadata["generateName"])

    @property
    def namespace(self) -> str:
        """Namespace as the manifest says; empty when it says none."""
        return str(self.data["metadata"].get("namespace") or "")

    @property
    def address(self) -> str:
        """`Kind/namespace/name`, or `Kind/name` without a namespace."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.data["metadata"].get("labels") or {})

    @property
    def annotations(self) -> dict[str, str]:
        return dict(self.data["metadata"].get("annotations") or {})

    @property
    def spec(self) -> Any:
        return self.data["spec"]

    @property
    def pod(self) -> Object:
        """The pod spec of a Pod, Deployment, StatefulSet, DaemonSet, Job or CronJob. Raises LookupError for others."""
        found: Any = self.data
        for key in _PODS.get(self.kind, _TEMPLATED):
            if not isinstance(found, dict) or key not in found:
                raise LookupError(f"{self.address} has no pod")
            found = found[key]
        return dict(found)

    @property
    def containers(self) -> dict[str, Object]:
        """Containers of the pod by name."""
        return by_name(self.pod.get("containers"))

    @property
    def init_containers(self) -> dict[str, Object]:
        """Init containers of the pod by name."""
        return by_name(self.pod.get("initContainers"))

    @property
    def templates(self) -> dict[str, Object]:
        """Templates of an Argo WorkflowTemplate, Workflow or CronWorkflow by name."""
        spec = self.data["spec"]
        return by_name(spec.get("workflowSpec", spec).get("templates"))

    def embedded(self, key: str) -> Any:
        """The YAML in `data[key]` of a ConfigMap, read."""
        return load(self.data["data"][key])

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.data.get(key, default)

    def __repr__(self) -> str:
        return f"<{self.address}>"


def by_name(items: Iterable[Object] | None) -> dict[str, Object]:
    """Map each item of a list such as containers, env or volumes by its name."""
    return {item["name"]: item for item in items or ()}


class Missing(KeyError):
    """There is no such object; a KeyError, so that `get` and `in` work, which shows its message as it is."""

    def __str__(self) -> str:
        return str(self.args[0])


class Objects(Mapping[str, Manifest]):
    """The objects of one render by address, in the order of the render.

    `objects["Deployment/ns/name"]`, `objects.deployment("name")`, `objects.of("Deployment")`; kinds may be written
    without regard to case and underscores. Raises ManifestError when one object is there twice.
    """

    def __init__(self, items: Iterable[Object]) -> None:
        found: dict[str, Manifest] = {}
        for manifest in map(Manifest, items):
            key = manifest.address
            if key in found and found[key].group != manifest.group:
                # Two API groups may use one kind, such as Service of core and of Knative.
                key = key.replace(manifest.kind, f"{manifest.kind}.{manifest.group}", 1)
            if key in found:
                raise ManifestError(f"{key} is rendered twice")
            found[key] = manifest
        self._found = found

    def __getitem__(self, address: str) -> Manifest:
        try:
            return self._found[address]
        except KeyError:
            raise Missing(f"no {address}; there are {', '.join(self._found)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def plain(self) -> list[Object]:
        """The objects as plain dicts."""
        return [manifest.data for manifest in self._found.values()]

    def of(self, kind: str) -> list[Manifest]:
        """All objects of the kind."""
        wanted = _folded(kind)
        return [manifest for manifest in self._found.values() if _folded(manifest.kind) == wanted]

    def one(self, kind: str, name: str | None = None, namespace: str | None = None) -> Manifest:
        """The only object of the kind, or the one of that name. Raises LookupError that says what there is."""
        candidates = self.of(kind)
        found = [
            manifest
            for manifest in candidates
            if name in (None, manifest.name) and namespace in (None, manifest.namespace)
        ]
        if len(found) != 1:
            asked = " ".join(filter(None, (kind, namespace, name)))
            there = ", ".join(manifest.address for manifest in candidates) or f"no {kind} at all"
            raise LookupError(f"{len(found)} objects are {asked}; there is {there}")
        return found[0]

    def has(self, kind: str, name: str | None = None) -> bool:
        """Whether there is an object of the kind (and name)."""
        return any(name in (None, manifest.name) for manifest in self.of(kind))

    def __getattr__(self, kind: str) -> Callable[..., Manifest]:
        if kind.startswith("_"):
            raise AttributeError(kind)

        def find(name: str | None = None, namespace: str | None = None) -> Manifest:
            return self.one(kind, name, namespace)

        return find


def _folded(kind: str) -> str:
    return kind.replace("_", "").lower()
