"""Command line: ``python -m scripts.lab.images build [NAME...]`` and ``push --registry HOST [NAME...]``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.toolchain.architecture import MACHINES
from scripts.lab.cluster.prerequisites import require_packages
from scripts.lab.images.build import build_all, push, recipe_named
from scripts.lab.images.context import RECIPES, pinned_base


@ends_in_words("images", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. Results go to stdout, progress and errors to stderr."""
    options = _parser().parse_args(arguments)
    names = options.names or list(RECIPES)
    architectures = sorted(set(options.arch))
    bases = {}
    for name in names:
        recipe = recipe_named(name)
        bases[name] = pinned_base(recipe) if options.pinned_base else options.base_image
    if not shutil.which("buildah") or not shutil.which("mmdebstrap"):
        require_packages(Progress("images"))
    for name in names:
        if options.command == "push":
            print(push(name, options.registry, options.ca, bases[name], architectures), flush=True)
            continue
        for image in build_all(name, bases[name], architectures):
            print(f"{image.local} {image.digest} {image.archive}", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.lab.images", description="Build and push this repository's images."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, description in (("build", "build into the cache"), ("push", "build and push to a registry")):
        command = commands.add_parser(name, help=description)
        command.add_argument("names", nargs="*", metavar="NAME", help=f"default: {' '.join(RECIPES)}")
        command.add_argument(
            "--arch",
            choices=MACHINES,
            action="append",
            default=[],
            help="default: this machine's; of several an index is made too",
        )
        base = command.add_mutually_exclusive_group()
        base.add_argument("--base-image", default="", help="base from a registry; default: a Debian made here")
        base.add_argument("--pinned-base", action="store_true", help="the base that the Containerfile names by digest")
        if name == "push":
            command.add_argument("--registry", required=True, metavar="HOST", help="e.g. registry.example.com/team")
            command.add_argument("--ca", type=Path, help="certificate of the registry's authority")
    return parser


if __name__ == "__main__":
    sys.exit(main())
