"""`python -m scripts.chart.schemas generate`, `check` (the kept ones are what the sources give), `validate PATH...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.render.targets import KUBERNETES
from idag.schemas.pinned import differences, generate, write
from idag.schemas.reading import read
from idag.schemas.validation import validate
from idag.yaml_reader import InputError


@ends_in_words("schemas")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 1 for differences, 2 for what cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.schemas", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="write tools/schemas from the sources")
    commands.add_parser("check", help="make the schemas anew and compare")
    check = commands.add_parser("validate", help="check manifests strictly")
    check.add_argument("--kubernetes", metavar="MINOR", default=KUBERNETES[-1], help="such as 1.31 (default: newest)")
    check.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders of YAML")
    options = parser.parse_args(arguments)
    progress = Progress("schemas")
    if options.command == "validate":
        return _validate(options.paths, options.kubernetes)
    files = generate(progress)
    if options.command == "generate":
        write(files)
        progress(f"{len(files) - 1} schemas written")
        return 0
    found = differences(files)
    for line in found:
        print(f"tools/schemas/{line}")
    progress(f"{len(files) - 1} schemas made anew, {len(found)} differ")
    return 1 if found else 0


def _validate(paths: Sequence[Path], kube_minor: str) -> int:
    objects = read(paths)
    if not objects:
        raise InputError(f"{', '.join(map(str, paths))}: there is no object in it, so nothing was looked at")
    faults = validate(objects, kube_minor)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
