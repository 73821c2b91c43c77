"""The tools this project runs, pinned in tools/pins.toml and kept in a cache outside the checkout.

Standard library only: this runs before any dependency is installed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from idag.toolchain.architecture import own_architecture
from idag.toolchain.errors import PinError, ToolError, ToolMissing
from idag.toolchain.pins import Pin, pins_for
from idag.toolchain.store import Store, cache_root

__all__ = ["PinError", "ToolError", "ToolMissing", "asset", "bin_folder", "tool"]

_MADE_BY_MAKE_TOOLS = ("test", "image", "demo", "cluster")


def bin_folder() -> Path:
    """Folder of links to the binaries of the pins in this checkout; it may not exist yet."""
    return _store(cache_root(), own_architecture()).bin_folder


def tool(name: str, architecture: str = "") -> Path:
    """Path of a pinned binary, such as `kubectl` or `helm`. Resolve it before copying it into an image.

    It is for this machine, or for `architecture`.

    Raises ToolMissing when it has not been built, ToolError when it is not pinned.
    """
    store = _store(cache_root(), architecture or own_architecture())
    for pin in store.pins.values():
        if name in pin.names:
            link = store.bin_folder / name
            if not link.is_file() and store.holds(pin):
                store.link(pin)
            if link.is_file():
                return link
            raise ToolMissing(f"{name} {pin.version} is not there yet: run `{_command(pin)}`")
    known = ", ".join(name for pin in store.pins.values() for name in pin.names)
    raise ToolError(f"{name!r} is not a pinned binary; tools/pins.toml has {known}")


def asset(tool_name: str, name: str) -> Path:
    """Folder of files that came with a tool's module: `asset("argo-workflows", "crds")`.

    Raises ToolMissing when the tool has not been built here, ToolError when there is no such asset.
    """
    store = _store(cache_root(), own_architecture())
    pin = store.pins.get(tool_name)
    if pin is None or name not in pin.assets:
        known = ", ".join(f"{pin.name}/{key}" for pin in store.pins.values() for key in pin.assets)
        raise ToolError(f"{tool_name}/{name} is not a pinned asset; tools/pins.toml has {known}")
    if not store.holds(pin):
        raise ToolMissing(f"{tool_name} {pin.version} is not there yet: run `{_command(pin)}`")
    return store.folder(pin) / name


def _command(pin: Pin) -> str:
    if pin.foreign:
        return f"make images ARCH={pin.architecture}"
    return "make tools" if pin.group in _MADE_BY_MAKE_TOOLS else f"python3 -m idag.toolchain build {pin.name}"


@cache
def _store(root: Path, architecture: str) -> Store:
    """The pins are read once a process: a render asks for its tools each time."""
    return Store(root, pins_for(architecture))
