"""Rendered objects as a folder of files that can be applied; run it to write policies/admission."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.render.changes import ABSENT, Change, changes, shown
from idag.render.errors import RenderError, SuiteError
from idag.render.layout import dump
from idag.render.manifests import Object, load
from idag.render.objects import Objects
from scripts.chart.render.project import ROOT, SUITE

POLICIES = ROOT / "policies" / "admission"
POLICY_KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


def files(items: Iterable[Object]) -> dict[str, Object]:
    """Map file name to object."""
    return {f"{address.replace('/', '_').lower()}.yaml": manifest.data for address, manifest in Objects(items).items()}


def write(items: Iterable[Object], folder: Path) -> None:
    """Write the objects and delete files of others. Raises SuiteError in CI."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise SuiteError(f"{folder} is not rewritten in CI: run `make snapshots` at home, read the diff, commit it")
    wanted = files(items)
    for path in folder.glob("*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, item in wanted.items():
        (folder / name).write_text(dump(item), encoding="utf-8")


def differences(items: Iterable[Object], folder: Path) -> list[str]:
    """Return in words what differs from the files, path by path."""
    wanted = files(items)
    kept = {path.name: load(path.read_text(encoding="utf-8")) for path in folder.glob("*.yaml")}
    found = []
    for name in sorted(wanted.keys() | kept.keys()):
        for change in _between(kept.get(name), wanted.get(name)):
            found.append(f"{name}: {change.path}: {shown(change.old)} -> {shown(change.new)}")
    return found


def policies(values: dict[str, object] | None = None) -> list[Object]:
    """The chart's admission policies, as an administrator installs them without the chart."""
    chosen = values or {"policies": {"install": "always"}}
    return [item for item in SUITE.render(values=chosen).objects.plain if item["kind"] in POLICY_KINDS]


def _between(kept: Object | None, wanted: Object | None) -> Iterable[Change]:
    if kept is None or wanted is None:
        return [Change("(file)", "there" if kept else ABSENT, "rendered" if wanted else ABSENT)]
    return changes(kept, wanted)


@ends_in_words("standalone")
def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite policies/admission; return the exit code."""
    description = "Write policies/admission: the chart's admission policies as files of their own."
    program = "python -m scripts.chart.render.standalone"
    argparse.ArgumentParser(prog=program, description=description).parse_args(arguments)
    try:
        write(policies(), POLICIES)
    except (SuiteError, RenderError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
