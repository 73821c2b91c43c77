"""What an agent left as evidence: plain files, of bounded number and size."""

from __future__ import annotations

from pathlib import Path

from ..log import say
from ..served import APART, served_name
from .bundle import Reader, headers

FILES_LIMIT = 50


def take(reader: Reader, target: Path, size_limit: int) -> list[str]:
    """Write at most 50 plain files of the bundle below `target`, each cut at `size_limit` bytes; return their names.

    Their names are those that no browser runs (served.py); the two that the specification names go beside `target`.
    Links are left out, and files whose names no store could keep. Raises BundleError.
    """
    target.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []
    for header in headers(reader):
        content = reader.content(header.size)
        stored = served_name(header.path)
        path = apart(target, header.path) or target / (stored or "")
        reason = _left_out(header.kind, stored, path, len(taken))
        if header.kind == "folder" or reason:
            for _ in content:
                pass
            if reason:
                say(f"evidence {header.path!r:.200} {reason}: left out")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        room = size_limit
        with path.open("xb") as stream:
            for piece in content:
                stream.write(piece[:room])
                room -= min(room, len(piece))
        if header.size > size_limit:
            say(f"evidence {header.path} is cut at {size_limit} bytes")
        taken.append(header.path)
    return taken


def apart(target: Path, path: str) -> Path | None:
    """Return where an artifact of its own looks for this file of the stage's folder `target`; None for all others."""
    return target.parent / "apart" / APART[path] if path in APART else None


def _left_out(kind: str, stored: str | None, path: Path, taken: int) -> str:
    if kind == "folder":
        return ""
    if kind != "file":
        return "is a link"
    if stored is None:
        return "has a name that no store could keep (no UTF-8, control characters, more than 200 bytes)"
    if path.exists() or any(parent.is_file() for parent in path.parents):
        return "would be stored under the name of another file"
    return f"is more than {FILES_LIMIT} files" if taken >= FILES_LIMIT else ""
