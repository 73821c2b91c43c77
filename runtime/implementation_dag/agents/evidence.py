"""What an agent left as evidence: plain files, of bounded number and size."""

from __future__ import annotations

from pathlib import Path

from ..log import say
from .bundle import Reader, headers

FILES_LIMIT = 50


def take(reader: Reader, target: Path, size_limit: int) -> list[str]:
    """Write at most 50 plain files of the bundle below `target`, each cut at `size_limit` bytes; return their names.

    Links are left out, and files whose names are no UTF-8, which S3 does not take. Raises BundleError.
    """
    target.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []
    for header in headers(reader):
        content = reader.content(header.size)
        reason = _left_out(header.kind, header.path, len(taken))
        if header.kind == "folder" or reason:
            for _ in content:
                pass
            if reason:
                say(f"evidence {header.path!r:.200} {reason}: left out")
            continue
        path = target / header.path
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


def _left_out(kind: str, path: str, taken: int) -> str:
    if kind == "folder":
        return ""
    if kind != "file":
        return "is a link"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "has a name that is no UTF-8"
    return f"is more than {FILES_LIMIT} files" if taken >= FILES_LIMIT else ""
