"""`python -m idag.lint PATH...`: lint workflows and manifests in files and folders, or `-` for standard input.

Exit code: 0 nothing found, 1 something found, 2 the input cannot be read or holds no object.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.lint import RULES, lint
from idag.render.manifests import Object
from idag.schemas.reading import read, read_stream
from idag.yaml_reader import InputError, read_stdin


@ends_in_words("lint")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m idag.lint", description=__doc__.partition(":")[2])
    parser.add_argument("paths", nargs="*", metavar="PATH", help="YAML files or folders; all are judged as one set")
    parser.add_argument("--list", action="store_true", help="print the rules")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help="leave a rule out")
    options = parser.parse_args(arguments)
    if options.list:
        for _, rule in sorted(RULES.items()):
            print(f"{rule.id}  {rule.title}: {rule.why}")
        return 0
    if not options.paths:
        parser.error("name a file or folder, or - for standard input")
    if unknown := [name for name in options.ignore if name not in RULES]:
        parser.error(f"--ignore {unknown[0]}: no such rule; --list prints them")
    objects = _read(options.paths)
    if not objects:
        names = ("standard input" if path == "-" else path for path in options.paths)
        raise InputError(f"{', '.join(names)}: there is no object in it, so nothing was looked at")
    found = lint(objects, only=[name for name in RULES if name not in options.ignore])
    for finding in found:
        print(finding)
    return 1 if found else 0


def _read(paths: Sequence[str]) -> list[Object]:
    named = read([Path(path) for path in paths if path != "-"])
    return named + (read_stream(read_stdin(), "standard input") if "-" in paths else [])


if __name__ == "__main__":
    sys.exit(main())
