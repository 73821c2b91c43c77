"""Results of helm and kustomize on disk, by the content of what went in."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from idag.render.errors import SuiteError
from idag.render.manifests import Object, documents, objects
from idag.toolchain.store import cache_root, stamp

# Raised when what is stored for the same input changes.
_FORMAT = 1
_DAY = 86400
_DAYS_KEPT = 30
# Refusals that come from the chart and the values alone; a full disk or a killed process is not remembered.
_LASTING = re.compile(
    r"values don't meet the specifications|execution error at|error calling|YAML parse error|parse error at"
    r"|chart requires kubeVersion|can't evaluate field|template: "
)

Output = tuple[int, str, str]


class Cache:
    """Results by key and parsed objects by document, below `folder`; None keeps nothing on disk.

    Equal documents are one Python object in the whole process: comparing is cheap, changing one is not allowed.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._parsed: dict[str, list[Object]] = {}
        self._lock = Lock()

    def fork(self) -> Cache:
        """A cache that knows the documents parsed so far, keeps nothing on disk, and learns only for itself."""
        fresh = Cache(None)
        with self._lock:
            fresh._parsed = dict(self._parsed)
        return fresh

    def run(self, inputs: Iterable[str], make: Callable[[], Output]) -> tuple[int, list[Object], str]:
        """Return exit code, objects and stderr of the run with these inputs; `make` runs it when it is not known.

        Raises ManifestError when the output holds what is no object.
        """
        key = _digest(json.dumps([_FORMAT, *inputs]).encode())
        known = self._read(f"runs/{key}")
        if known is None:
            code, output, errors = make()
            parts = documents(output) if code == 0 else []
            found = [item for part in parts for item in self._objects(_digest(part.encode()), part)]
            if code == 0 or _LASTING.search(errors):
                self._write(f"runs/{key}", [code, [_digest(part.encode()) for part in parts], errors])
            return code, found, errors
        code, digests, errors = known
        try:
            return code, [item for digest in digests for item in self._objects(digest)], errors
        except FileNotFoundError:
            # Somebody cleaned half of the cache.
            (self.folder / f"runs/{key}.json").unlink(missing_ok=True)  # type: ignore[operator]
            return self.run(inputs, make)

    def remember(self, inputs: Iterable[str], make: Callable[[], Any]) -> Any:
        """Return what `make` gave for these inputs: a JSON value, not None. What it raises is not remembered."""
        name = f"results/{_digest(json.dumps([_FORMAT, *inputs]).encode())}"
        known = self._read(name)
        if known is None:
            known = make()
            self._write(name, known)
        return known

    def prune(self) -> None:
        """Delete what nobody has asked for during a month; look for it once a day."""
        if self.folder is None:
            return
        mark, now = self.folder / "pruned", time.time()
        if mark.exists() and now - mark.stat().st_mtime < _DAY:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            mark.touch()
            for path in self.folder.glob("*/*.json"):
                # Another process may prune at the same time.
                with suppress(FileNotFoundError):
                    if now - path.stat().st_mtime > _DAYS_KEPT * _DAY:
                        path.unlink()

    def _objects(self, digest: str, text: str | None = None) -> list[Object]:
        with self._lock:
            if digest not in self._parsed:
                stored = self._read(f"documents/{digest}")
                if stored is None:
                    if text is None:
                        raise FileNotFoundError(digest)
                    stored = objects(text)
                    self._write(f"documents/{digest}", stored)
                self._parsed[digest] = stored
            return self._parsed[digest]

    def _read(self, name: str) -> Any:
        if self.folder is None:
            return None
        path = self.folder / f"{name}.json"
        try:
            text = path.read_bytes()
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
        except OSError:
            return None
        try:
            return json.loads(text)
        except ValueError:
            # Cut short when the machine went down: as good as not there.
            return None

    def _write(self, name: str, value: Any) -> None:
        if self.folder is None:
            return
        path = self.folder / f"{name}.json"
        fresh = path.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(value), encoding="utf-8")
            fresh.replace(path)
        except OSError:
            # A full disk or a cache of somebody else costs time, not the result.
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


@lru_cache
def default_cache() -> Cache:
    """The cache below the toolchain's root, one for the process."""
    cache = Cache(cache_root() / "render")
    cache.prune()
    return cache


def content_key(path: Path) -> str:
    """Digest over a file's bytes, or over names and bytes of all files of a folder, compiled Python left out."""
    files = sorted(_files(path)) if path.is_dir() else [(str(path), path.stat())]
    return _content(path, tuple((name, stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in files))


def _files(folder: str | Path) -> Iterator[tuple[str, os.stat_result]]:
    """All files below the folder. Not pathlib: every render asks for this, and it is five times as slow."""
    for entry in os.scandir(folder):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            if entry.is_symlink():
                _refuse_loop(Path(entry.path))
            yield from _files(entry.path)
        elif entry.is_file():
            yield entry.path, entry.stat()


def _refuse_loop(link: Path) -> None:
    """Raise SuiteError for a link to a folder that it lies in: helm follows it too, and never ends."""
    target = link.resolve()
    if any(folder.resolve() == target for folder in link.parents):
        raise SuiteError(f"{link} is a link to a folder that it lies in: helm would follow it for ever, remove it")


@lru_cache(maxsize=4096)
def _content(path: Path, files: tuple[tuple[str, int, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, *_ in files:
        content = Path(name).read_bytes()
        digest.update(f"{os.path.relpath(name, path)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def tool_key(binary: Path) -> str:
    """What tells one build of a tool from another."""
    return " ".join(stamp(binary))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
