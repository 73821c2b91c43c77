"""Have the pinned tools: take what the cache or PATH holds, build or fetch the rest, two at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from idag.progress import Progress
from idag.toolchain import golang, npm, wheels
from idag.toolchain.errors import ToolError
from idag.toolchain.on_path import find_on_path
from idag.toolchain.pins import GROUPS, Pin
from idag.toolchain.store import Store

# While one is downloaded or linked, which leaves processors idle, the other is compiled.
AT_ONCE = 2
SIGN_OF_LIFE_SECONDS = 30.0


def select(pins: dict[str, Pin], groups: Sequence[str], names: Sequence[str]) -> list[Pin]:
    """Pins of the groups (all when none is given), or exactly those named by tool or by one of its binaries.

    Raises ToolError naming what is allowed.
    """
    for group in groups:
        if group not in GROUPS:
            raise ToolError(f"group {group!r} is not known, allowed: {', '.join(GROUPS)}")
    if not names:
        return [pin for pin in pins.values() if not groups or pin.group in groups]
    owners = {name: pin for pin in pins.values() for name in pin.names} | pins
    unknown = [name for name in names if name not in owners]
    if unknown:
        raise ToolError(f"tool {', '.join(unknown)} is not pinned; pinned are {', '.join(pins)}")
    return list({owners[name].name: owners[name] for name in names}.values())


def build_all(store: Store, pins: Sequence[Pin], progress: Progress) -> None:
    """Have each tool, begun in this order; its binaries are in the bin folder as soon as it is ready.

    Raises ToolError of the first that fails; what is being made beside it is given up.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tools = [
            pool.submit(_have, store, pin, progress, f"{number}/{len(pins)} {_shown(pin)}", stop)
            for number, pin in enumerate(pins, start=1)
        ]
        try:
            for tool in as_completed(tools):
                tool.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _have(store: Store, pin: Pin, progress: Progress, title: str, stop: threading.Event) -> None:
    """Have one tool and link it into the bin folder. Raises ToolError when that is not possible."""
    if store.holds(pin):
        store.link(pin)
        progress(f"{title}: cached")
        return
    found = None if pin.foreign else find_on_path(pin, ignored=store.root)
    if found:
        store.link(pin, found)
        progress(f"{title}: found on PATH ({', '.join(map(str, found.values()))})")
        return
    with store.lock(pin, waiting=lambda: progress(f"{title}: another process is building it, waiting")):
        if not store.holds(pin):
            _make(store, pin, progress, title, stop)
    store.link(pin)


def _shown(pin: Pin) -> str:
    return f"{pin.name} {pin.version} for {pin.architecture}" if pin.foreign else f"{pin.name} {pin.version}"


def _make(store: Store, pin: Pin, progress: Progress, title: str, stop: threading.Event) -> None:
    verb = "building" if pin.kind == "go" else "fetching"
    progress(f"{title}: {verb}")
    start = time.monotonic()
    log = store.root / "tools" / pin.name / "build.log"
    log.unlink(missing_ok=True)
    make = {"go": golang.build, "wheel": wheels.fetch, "npm": npm.fetch}[pin.kind]
    with store.staging(pin) as folder:
        make(pin, folder, log, _signs(lambda seconds: progress(f"{title}: still {verb} ({seconds:.0f} s)"), stop))
    progress(f"{title}: done in {time.monotonic() - start:.0f} s")


def _signs(say: Callable[[float], None], stop: threading.Event) -> Callable[[float], None]:
    """Return what is called again and again during a command: it speaks every 30 s, and raises ToolError to end it."""
    said = 0.0

    def alive(seconds: float) -> None:
        nonlocal said
        if stop.is_set():
            raise ToolError("given up, as another tool failed")
        if seconds - said >= SIGN_OF_LIFE_SECONDS:
            said = seconds
            say(seconds)

    return alive
