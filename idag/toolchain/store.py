"""Where built tools live: a folder per tool, version and key, put in place whole; and a folder of links."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from idag.toolchain.pins import Pin, pins_key


def cache_root() -> Path:
    """`$IDAG_CACHE`, or implementation-dag in `$XDG_CACHE_HOME` or ~/.cache."""
    chosen = os.environ.get("IDAG_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "implementation-dag"


class Store:
    """The cache's tools. Layout: tools/<tool>/<version>-<key>/{bin,<asset>}, bin/<pins key>/<binary>."""

    def __init__(self, root: Path, pins: dict[str, Pin]) -> None:
        self.root = root
        self.pins = pins

    @cached_property
    def bin_folder(self) -> Path:
        """Folder of links to every binary of these pins; other pins have another folder."""
        return self.root / "bin" / pins_key(self.pins)

    def folder(self, pin: Pin) -> Path:
        """Folder of the tool's results; it exists only when they are complete."""
        return self.root / "tools" / pin.name / f"{pin.version}-{pin.key}"

    def holds(self, pin: Pin) -> bool:
        """Whether the tool has been built here."""
        return self.folder(pin).is_dir()

    def binary(self, pin: Pin, name: str) -> Path:
        """Path of a binary or alias of the tool inside its folder."""
        return self.folder(pin) / "bin" / pin.aliases.get(name, name)

    @contextmanager
    def lock(self, pin: Pin, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the tool's lock, which ends with the process; call `waiting` once when another has it."""
        path = self.root / "tools" / pin.name / ".lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextmanager
    def staging(self, pin: Pin) -> Iterator[Path]:
        """Give an empty folder that becomes the tool's when the block ends well. The lock must be held."""
        final = self.folder(pin)
        # Fixed name: what an interrupted build left is removed by the next one.
        partial = final.parent / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "bin").mkdir(parents=True)
        try:
            yield partial
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def link(self, pin: Pin, targets: dict[str, Path] | None = None) -> None:
        """Link the binaries into the bin folder, each in one step: to `targets`, else the tool's folder."""
        self.bin_folder.mkdir(parents=True, exist_ok=True)
        for name in pin.names:
            target = targets[pin.aliases.get(name, name)] if targets else self.binary(pin, name)
            link = self.bin_folder / name
            if link.is_symlink() and link.readlink() == target:
                continue
            fresh = self.bin_folder / f".{name}.{os.getpid()}"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(link)

    def linked(self, pin: Pin) -> bool:
        """Whether every name of the tool leads to a file from the bin folder."""
        return all((self.bin_folder / name).is_file() for name in pin.names)


def stamp(binary: Path) -> list[str]:
    """What tells one build of a binary from another without reading it: where it really lies, its size and time."""
    path = binary.resolve()
    status = path.stat()
    return [str(path), str(status.st_size), str(status.st_mtime_ns)]
