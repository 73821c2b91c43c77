"""Objects whose names a chart makes up at each render, such as test pods: give them the same address every time."""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

from idag.render.manifests import Object
from idag.render.normal import RANDOM
from idag.render.objects import Manifest, Objects


class _Pattern(NamedTuple):
    """What is steady in a name that is not: all up to the last separator before what is made up, and after it."""

    kind: str
    namespace: str
    start: str
    end: str

    def fits(self, item: Manifest) -> bool:
        whole = item.name.startswith(self.start) and item.name.endswith(self.end)
        return (item.kind, item.namespace) == (self.kind, self.namespace) and whole


class RandomNames:
    """What two renders with the same inputs, `first` and `second`, tell of names that are made up."""

    def __init__(self, first: Objects, second: Objects) -> None:
        self._steady = set(first) & set(second)
        pairs = zip(self._groups(first).items(), self._groups(second).items(), strict=False)
        self._patterns = [
            _pattern(one, other)
            for (kind, ones), (other_kind, others) in pairs
            if kind == other_kind
            for one, other in zip(ones, others, strict=False)
        ]

    def objects(self, objects: Objects) -> dict[str, Object]:
        """Return the objects of a render by address, made-up parts of names replaced."""
        found: dict[str, Object] = {}
        for address, manifest in objects.items():
            pattern = next((one for one in self._patterns if one.fits(manifest)), None)
            if address in self._steady or pattern is None:
                found[address] = manifest.data
                continue
            name = f"{pattern.start}{RANDOM}{pattern.end}"
            same = sum(key.startswith(f"{manifest.kind}/") and name in key for key in found)
            metadata = {**manifest.data["metadata"], "name": f"{name}.{same + 1}" if same else name}
            renamed = {**manifest.data, "metadata": metadata}
            found[Manifest(renamed).address] = renamed
        return found

    def _groups(self, objects: Objects) -> dict[tuple[str, str], list[Manifest]]:
        """Those whose names are made up, by kind and namespace, in the order of their names."""
        groups: dict[tuple[str, str], list[Manifest]] = {}
        for address in sorted(objects.keys() - self._steady):
            manifest = objects[address]
            groups.setdefault((manifest.kind, manifest.namespace), []).append(manifest)
        return groups


def _pattern(one: Manifest, other: Manifest) -> _Pattern:
    start, end = _common(one.name, other.name), _common(one.name[::-1], other.name[::-1])[::-1]
    return _Pattern(one.kind, one.namespace, start, end)


def _common(one: str, other: str) -> str:
    """What two texts begin with, up to the last separator: letters behind it are the same by chance."""
    same = "".join(left for left, right in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return same[: max(same.rfind("-"), same.rfind(".")) + 1]
