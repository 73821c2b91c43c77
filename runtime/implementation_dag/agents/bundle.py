"""A folder on its way into an agent's box or out of it: for each entry one line of JSON, then its bytes.

What comes out of a box is hostile. tar could say the same, and also hard links, devices, sparse files and headers of
any size: a format that has no such thing needs no check for it. Names that are no UTF-8 pass as Python's surrogates do.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from implementation_dag.base.errors import StepError

CHUNK = 64 * 1024
HEADER_LIMIT = 32 * 1024
NAME_LIMIT = 255
PATH_LIMIT = 4096
DEPTH_LIMIT = 200
ENTRIES_LIMIT = 200_000
# Of all paths together: they are kept in memory.
NAMES_LIMIT = 64 * 1024**2
BYTES_LIMIT = 1024**3
KINDS = ("file", "link", "folder")
Opened = TypeVar("Opened")


class BundleError(StepError):
    """A bundle that ends early, breaks its own rules or is larger than allowed."""


@dataclass(frozen=True)
class Header:
    """What stands before the bytes of an entry: `size` is 0 for a folder; a link's bytes are its target."""

    kind: str
    path: str
    size: int
    executable: bool


class Reader:
    """Bytes of a stream of chunks, as many at a time as are asked for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Read from `chunks`, whose sizes do not matter."""
        self._chunks = iter(chunks)
        self._rest = b""

    def line(self) -> bytes:
        """Return the next line without its end. Raises BundleError when there is none within 32 KiB."""
        while b"\n" not in self._rest:
            if len(self._rest) > HEADER_LIMIT:
                raise BundleError(f"the bundle has a header of more than {HEADER_LIMIT} bytes")
            self._rest += self._more()
        found, _, self._rest = self._rest.partition(b"\n")
        if len(found) > HEADER_LIMIT:
            raise BundleError(f"the bundle has a header of more than {HEADER_LIMIT} bytes")
        return found

    def content(self, size: int) -> Iterator[bytes]:
        """Yield exactly `size` bytes in pieces. Raises BundleError when the stream ends before."""
        while size:
            if not self._rest:
                self._rest = self._more()
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece

    def _more(self) -> bytes:
        for chunk in self._chunks:
            if chunk:
                return chunk
        raise BundleError("the bundle ends early: the box went away, or the network between")


def pack(folder: Path, *, repository: bool) -> Iterator[bytes]:
    """Yield the bundle of everything below `folder`; `repository` takes its ``.git`` along.

    Devices, sockets and pipes are left out. What cannot be read, and a repository inside the folder, end the bundle
    with a message in place of the end mark: the reader raises BundleError with it.
    """
    try:
        if folder.is_symlink() or not folder.is_dir():
            raise BundleError(f"there is something else in place of the folder {folder}: a link, a file or nothing")
        yield from _pack(folder, "", repository)
        yield _line({"kind": "end"})
    except (BundleError, OSError) as error:
        yield _line({"kind": "error", "message": str(error)})


def _pack(folder: Path, prefix: str, repository: bool) -> Iterator[bytes]:
    for entry in sorted(_opened(folder, prefix, lambda: list(os.scandir(folder))), key=lambda item: item.name):
        path = prefix + entry.name
        if path.count("/") > DEPTH_LIMIT:
            raise BundleError(f"more than {DEPTH_LIMIT} folders lie in one another: {path:.200}")
        if entry.name.lower() == ".git" and not repository:
            if prefix:
                raise BundleError(
                    f"there is a repository inside the work tree: {path}; remove it at the end of the stage"
                )
            continue
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            target = os.fsencode(os.readlink(entry.path))  # noqa: PTH115 -- Path would tidy it
            yield _line({"kind": "link", "path": path, "size": len(target)}) + target
        elif stat.S_ISDIR(status.st_mode):
            yield _line({"kind": "folder", "path": path})
            yield from _pack(Path(entry.path), f"{path}/", repository)
        elif stat.S_ISREG(status.st_mode):
            yield _line(
                {"kind": "file", "path": path, "size": status.st_size, "executable": bool(status.st_mode & 0o100)}
            )
            yield from _content(Path(entry.path), path, status.st_size)


def _content(file: Path, path: str, size: int) -> Iterator[bytes]:
    with _opened(file, path, lambda: file.open("rb")) as stream:
        while size:
            piece = stream.read(min(CHUNK, size))
            if not piece:
                raise BundleError(f"{path} became shorter while it was read")
            size -= len(piece)
            yield piece


def _opened(path: Path, name: str, call: Callable[[], Opened]) -> Opened:
    """Return `call()`; an agent may have taken our own right to read away, which we may give back."""
    try:
        return call()
    except PermissionError:
        try:
            path.chmod(path.stat().st_mode | 0o700)
            return call()
        except OSError as error:
            raise BundleError(f"{name or '.'} cannot be read: {error.strerror}") from None


def headers(reader: Reader) -> Iterator[Header]:
    """Yield each entry's header, checked; the caller takes its bytes from `reader` before it asks for the next.

    A path is relative, below a folder that came before it, and comes once: so nothing is written through a link. Raises
    BundleError for all else, for too many entries or bytes, and for the packer's own message.
    """
    folders, seen, total, names = {""}, set[str](), 0, 0
    while True:
        header = _header(reader.line())
        if header is None:
            return
        parent, _, name = header.path.rpartition("/")
        if name in ("", ".", "..") or "\0" in name or len(os.fsencode(name)) > NAME_LIMIT:
            raise BundleError(f"the bundle has the path {header.path!r:.200}, which is no relative path")
        size = len(os.fsencode(header.path))
        if parent not in folders or header.path in seen or size > PATH_LIMIT or header.path.count("/") > DEPTH_LIMIT:
            raise BundleError(
                f"the bundle has the path {header.path!r:.200} twice, too deep, or not below a folder of its own"
            )
        seen.add(header.path)
        total, names = total + header.size, names + size
        if len(seen) > ENTRIES_LIMIT or total > BYTES_LIMIT or names > NAMES_LIMIT:
            raise BundleError(
                f"the bundle is larger than {ENTRIES_LIMIT} entries, {BYTES_LIMIT} bytes or {NAMES_LIMIT} of names"
            )
        if header.kind == "folder":
            folders.add(header.path)
        yield header


def _header(line: bytes) -> Header | None:
    """Return the header in `line`, None at the end mark."""
    try:
        found = json.loads(line)
        kind = found["kind"]
        if kind == "end":
            return None
        if kind == "error":
            raise BundleError(str(found["message"])[:1000])
        size = found.get("size", 0)
        # JSON spells the bytes of a name in several ways: one of them, so that what comes twice is seen.
        path = os.fsdecode(os.fsencode(found["path"]))
        valid = kind in KINDS and type(size) is int and size >= 0 and (not size or kind != "folder")
        if not valid or (kind == "link" and not 0 < size < PATH_LIMIT):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleError(f"the bundle has a header that is none: {line[:200]!r}") from None
    return Header(kind, path, size, found.get("executable") is True)


def unpack(reader: Reader, folder: Path, *, repository: bool) -> None:
    """Write the bundle below the new `folder`; nothing is followed, replaced or given other rights than git knows.

    `repository` lets a ``.git`` in: only on the way into a box. Raises BundleError.
    """
    try:
        _unpack(reader, folder, repository)
    except OSError as error:
        raise BundleError(f"the bundle cannot be written: {error.strerror}") from None


def _unpack(reader: Reader, folder: Path, repository: bool) -> None:
    folder.mkdir()
    for header in headers(reader):
        if not repository and ".git" in header.path.lower().split("/"):
            raise BundleError(f"there is a repository inside the work tree: {header.path}")
        target = folder / header.path
        if header.kind == "folder":
            target.mkdir()
        elif header.kind == "link":
            os.symlink(_target(reader, header), os.fsencode(target))  # noqa: PTH211 -- Path would tidy it
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(target, flags, 0o755 if header.executable else 0o644), "wb") as stream:
                stream.writelines(reader.content(header.size))


def _target(reader: Reader, header: Header) -> bytes:
    found = b"".join(reader.content(header.size))
    if b"\0" in found:
        raise BundleError(f"the bundle has a link {header.path!r:.200} to nowhere")
    return found


def _line(header: dict[str, object]) -> bytes:
    return json.dumps(header).encode() + b"\n"
