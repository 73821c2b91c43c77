"""Snapshots of rendered objects on disk, and how a render differs from them.

Layout below the suite's `snapshots` folder, one folder a case:

- `objects.txt`: the addresses of the case, one a line; `(only helm3)` where not every target has the object.
- `<kind>_<namespace>_<name>.yaml`: an object whole. The case `default` has all of its objects like this, another case
  those that `default` has not.
- `<kind>_<namespace>_<name>.changes.yaml`: what differs from the object in `default`, path and value.
- `...@helm3.yaml`, `...@1.31-1.33.yaml`: the same for only these targets; without it all targets give the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idag.render.cases import DEFAULT
from idag.render.changes import ABSENT, Change, changes
from idag.render.errors import SuiteError
from idag.render.layout import dump
from idag.render.manifests import Object, load
from idag.render.models import Models
from idag.render.normal import normalised, without_random
from idag.render.random_names import RandomNames
from idag.render.suite import Suite
from idag.render.targets import Target, describe, parse

LISTING = "objects.txt"
_REMOVED = "(removed)"
_AS_DEFAULT = "(as in default)"


@dataclass(frozen=True)
class Content:
    """An object whole, or path and new value of what a case changes of the object in `default`."""

    whole: bool
    data: dict[str, Any]


# Address, then target, to what is there.
Contents = dict[str, dict[Target, Content]]


@dataclass(frozen=True)
class Difference:
    """One path of one object that a case renders unlike its snapshot, for the target."""

    case: str
    target: Target
    address: str
    change: Change


class Snapshots:
    """The snapshots of a suite. Renders of `default` are kept for the comparison of all other cases."""

    def __init__(self, suite: Suite) -> None:
        if suite.snapshots is None:
            raise SuiteError("the suite has no folder for snapshots")
        self.suite = suite
        self.folder = suite.snapshots
        self._normal: dict[int, tuple[Object, Object]] = {}
        self._compared: dict[tuple[int, int], tuple[Any, Any, list[Change]]] = {}
        self._rendered: dict[str, dict[Target, dict[str, Object]]] = {}

    def rendered(self, case: str) -> Contents:
        """Render the case for all targets and return what its snapshots should hold."""
        found: Contents = {}
        for target, objects in self._objects(case).items():
            defaults = {} if case == DEFAULT else self._objects(DEFAULT)[target]
            models = Models(defaults, objects)
            for address, item in objects.items():
                model = models.of(item)
                if model is None:
                    content = Content(True, item)
                else:
                    content = Content(False, {change.path: _value(change) for change in self._changes(model, item)})
                found.setdefault(address, {})[target] = content
        return found

    def kept(self, case: str) -> Contents:
        """Read the snapshots of the case. Raises SuiteError when they are not as `update` writes them."""
        folder = self.folder / case
        if not (folder / LISTING).is_file():
            return {}
        files = self._files(folder)
        found: Contents = {}
        for line in (folder / LISTING).read_text(encoding="utf-8").splitlines():
            address, targets = self._entry(line, folder)
            variants = files.get(_stem(address), {})
            for target in targets:
                special = next((content for some, content in variants.items() if some and target in parse(some)), None)
                content = special or variants.get("")
                if content is None and case != DEFAULT:
                    content = Content(False, {})
                if content is not None:
                    found.setdefault(address, {})[target] = content
        return found

    def differences(self, case: str) -> list[Difference]:
        """Return in which paths the case's renders differ from its snapshots. Raises RenderError, SuiteError."""
        now, before = self.rendered(case), self.kept(case)
        found = []
        for address in sorted(now.keys() | before.keys()):
            for target in self.suite.targets:
                old, new = before.get(address, {}).get(target), now.get(address, {}).get(target)
                found += [Difference(case, target, address, change) for change in self._between(old, new)]
        return found

    def misplaced(self) -> list[str]:
        """Return in words which files are stale or missing though every object is as kept."""
        wanted = {path for case in self.suite.cases for path in self._wanted(case)}
        there = {path for path in self.folder.rglob("*") if path.is_file()}
        stale = [f"{path.relative_to(self.folder)}: no case renders this any more" for path in sorted(there - wanted)]
        return stale + [f"{path.relative_to(self.folder)}: missing" for path in sorted(wanted - there)]

    def update(self, cases: Iterable[str] | None = None) -> list[str]:
        """Write the snapshots of the cases, delete what is stale, and return the names of changed files.

        Raises SuiteError in CI, where nobody would read the change, and RenderError.
        """
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            raise SuiteError(
                "snapshots are not rewritten in CI: run `make snapshots` at home, read the diff, commit it"
            )
        touched = []
        wanted = {path: text for case in cases or self.suite.cases for path, text in self._texts(case).items()}
        for path, text in wanted.items():
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                touched.append(str(path.relative_to(self.folder)))
        kept_cases = set(self.suite.cases) - set(cases or self.suite.cases)
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = str(path.parent.relative_to(self.folder))
            if path.is_file() and path not in wanted and name not in kept_cases:
                path.unlink()
                touched.append(str(path.relative_to(self.folder)))
            elif path.is_dir() and not any(path.iterdir()):
                shutil.rmtree(path)
        return sorted(touched)

    def _objects(self, case: str) -> dict[Target, dict[str, Object]]:
        """Normalised objects by target and address."""
        if case not in self._rendered:
            renders = list(self.suite.renders([case]))
            first, second = (self.suite.render(case, renders[-1].target, sample=sample).objects for sample in (0, 1))
            names = RandomNames(first, second)
            one, other = names.objects(first), names.objects(second)
            self._rendered[case] = {
                render.target: {
                    address: self._steady(data, one.get(address), other.get(address))
                    for address, data in names.objects(render.objects).items()
                }
                for render in renders
            }
        return self._rendered[case]

    def _steady(self, item: Object, first: Object | None, second: Object | None) -> Object:
        if first is not None and second is not None and first is not second:
            return without_random(normalised(item), normalised(first), normalised(second))  # type: ignore[no-any-return]
        # Equal documents are one object, so each is normalised once.
        if id(item) not in self._normal:
            self._normal[id(item)] = item, normalised(item)
        return self._normal[id(item)][1]

    def _changes(self, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        # Most targets share their objects. The pair is kept with the result, so that its identity stays its own.
        key = id(old), id(new)
        if key not in self._compared:
            found = [] if _text(old) == _text(new) else list(changes(old, new))
            self._compared[key] = old, new, found
        return self._compared[key][2]

    def _between(self, old: Content | None, new: Content | None) -> Iterable[Change]:
        if old is None or new is None:
            if old is not new:
                before, after = ABSENT if old is None else "in the snapshots", ABSENT if new is None else "rendered"
                yield Change("(object)", before, after)
        elif old.whole != new.whole:
            before, after = ("whole" if content.whole else "as in default" for content in (old, new))
            yield Change("(object)", before, after)
        elif old.whole:
            yield from self._changes(old.data, new.data)
        else:
            for path in [*old.data, *(path for path in new.data if path not in old.data)]:
                yield from changes(old.data.get(path, _AS_DEFAULT), new.data.get(path, _AS_DEFAULT), path)

    def _wanted(self, case: str) -> dict[Path, Content | str]:
        """The files of the case: contents by path, and the listing."""
        folder = self.folder / case
        files: dict[Path, Content | str] = {}
        lines = []
        for address, by_target in sorted(self.rendered(case).items()):
            only = describe(by_target, self.suite.targets)
            lines.append(f"{address} (only {only})" if only else address)
            variants: list[tuple[Content, list[Target]]] = []
            for target, content in by_target.items():
                same = next((targets for known, targets in variants if _equal(known, content)), None)
                if same is None:
                    variants.append((content, [target]))
                else:
                    same.append(target)
            newest = list(by_target)[-1]
            for content, targets in variants:
                if content.whole or content.data or newest not in targets:
                    name = "" if newest in targets else f"@{describe(targets, self.suite.targets)}"
                    path = folder / f"{_stem(address)}{name}{'' if content.whole else '.changes'}.yaml"
                    if path in files:
                        raise SuiteError(
                            f"two objects of case {case} want the file {path.name}; {address} is the second"
                        )
                    files[path] = content
        files[folder / LISTING] = "".join(f"{line}\n" for line in lines)
        return files

    def _texts(self, case: str) -> dict[Path, str]:
        texts = {}
        for path, content in self._wanted(case).items():
            texts[path] = content if isinstance(content, str) else dump(content.data)
            if not isinstance(content, str) and _text(load(texts[path]) or {}) != _text(content.data):
                raise SuiteError(f"{path}: this object cannot be written as YAML that reads back the same")
        return texts

    def _files(self, folder: Path) -> dict[str, dict[str, Content]]:
        """Contents by stem and by the targets in the file's name, empty for the rest of them."""
        found: dict[str, dict[str, Content]] = {}
        for path in folder.glob("*.yaml"):
            stem, whole = path.name.removesuffix(".yaml"), not path.name.endswith(".changes.yaml")
            stem, _, targets = stem.removesuffix(".changes").partition("@")
            found.setdefault(stem, {})[targets] = Content(whole, load(path.read_text(encoding="utf-8")) or {})
        return found

    def _entry(self, line: str, folder: Path) -> tuple[str, list[Target]]:
        match = re.fullmatch(r"(\S+)(?: \(only (\S+)\))?", line)
        try:
            allowed = parse(match.group(2) or "") if match else None
        except ValueError as error:
            raise SuiteError(f"{folder / LISTING}: {error}") from error
        if match is None or allowed is None:
            raise SuiteError(f"{folder / LISTING}: line {line!r} is not `Kind/namespace/name` or `... (only helm3)`")
        return match.group(1), [target for target in self.suite.targets if target in allowed]


def _text(value: Any) -> str:
    """A value as JSON, which is equal for equal values and tells true, 1 and 1.0 apart."""
    return json.dumps(value, sort_keys=True)


def _equal(one: Content, other: Content) -> bool:
    return one.whole == other.whole and _text(one.data) == _text(other.data)


def _value(change: Change) -> Any:
    return _REMOVED if change.new is ABSENT else change.new


def _stem(address: str) -> str:
    kind, *rest = address.split("/")
    # A colon is allowed in names of roles, but not in file names everywhere.
    return "_".join([kind.lower(), *rest]).replace(":", ".")
