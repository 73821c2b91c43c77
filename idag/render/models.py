"""Which object of `default` an object of another case is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from idag.render.manifests import Object
from idag.render.objects import Manifest


class Models:
    """The objects of `default` that those of another case are compared with: same kind and same name in the release."""

    def __init__(self, defaults: Mapping[str, Object], objects: Mapping[str, Object]) -> None:
        self._release, own = _release(objects), _release(defaults)
        self._by_role: dict[tuple[str, str], list[Object]] = {}
        for item in defaults.values():
            self._by_role.setdefault(_role(item, own), []).append(item)

    def of(self, item: Object) -> Object | None:
        """The object's model, when there is exactly one."""
        found = self._by_role.get(_role(item, self._release), [])
        exact = [model for model in found if Manifest(model).address == Manifest(item).address]
        return (exact or found)[0] if len(exact or found) == 1 else None


def _release(objects: Mapping[str, Object]) -> str:
    """The name of the release, as most labels say it."""
    names = Counter(Manifest(item).labels.get("app.kubernetes.io/instance") for item in objects.values())
    return next((name for name, _ in names.most_common() if name), "")


def _role(item: Object, release: str) -> tuple[str, str]:
    manifest = Manifest(item)
    named_by_release = release and manifest.name.startswith(release)
    return manifest.kind, f"<release>{manifest.name.removeprefix(release)}" if named_by_release else manifest.name
