"""`python -m idag.toolchain build [--group GROUP]... [--arch ARCH]... [TOOL...]`, `path`, `list`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from idag.command import ends_in_words
from idag.progress import Progress
from idag.toolchain.architecture import MACHINES, own_architecture
from idag.toolchain.build import build_all, select
from idag.toolchain.pins import GROUPS, pins_for
from idag.toolchain.store import Store, cache_root


@ends_in_words("tools", 1, "interrupted: run the same command again, it goes on with the tool that was cut")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m idag.toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="have all tools, those of some groups, or those named")
    build.add_argument("--group", choices=GROUPS, action="append", default=[])
    build.add_argument("--arch", choices=MACHINES, action="append", help="default: this machine's; repeatable")
    build.add_argument("tools", nargs="*", metavar="TOOL", help="a pinned tool or one of its binaries")
    commands.add_parser("path", help="print the folder that holds the binaries")
    commands.add_parser("list", help="print each tool, its version, group and whether it is there")
    options = parser.parse_args(arguments)
    progress = Progress("tools")
    # A termination tidies up like Ctrl-C: the compiler must not go on alone.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    store = Store(cache_root(), pins_for(own_architecture()))
    if options.command == "build":
        for architecture in options.arch or [own_architecture()]:
            store = Store(cache_root(), pins_for(architecture))
            build_all(store, select(store.pins, options.group, options.tools), progress)
            progress(f"ready in {store.bin_folder}")
    elif options.command == "path":
        print(store.bin_folder)
    else:
        _list(store)
    return 0


def _list(store: Store) -> None:
    for pin in store.pins.values():
        there = store.holds(pin) or (bool(pin.binaries) and store.linked(pin))
        state = "ready" if there else "missing"
        print(f"{pin.name:15} {pin.version:8} {pin.group:8} {state:8} {', '.join(pin.names)}")


if __name__ == "__main__":
    sys.exit(main())
