"""What an agent left as evidence: plain files, of bounded number and size."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract.served import APART, served_name

from .bundle import Reader, headers

FILES_LIMIT = 50
# Left-out files that are told one by one.
TOLD_LIMIT = 20
# Beside the folder of the stage.
APART_FOLDER = "apart"


def take(reader: Reader, target: Path, size_limit: int, own: Collection[str] = ()) -> list[str]:
    """Write at most 50 plain files of the bundle below `target`, each cut at `size_limit` bytes; return their names.

    Their names are those that no browser runs (served.py); the two that the specification names go beside `target`.
    Links are left out, files whose names no store could keep, and those of the pipeline's `own` names. Raises
    StepError.
    """
    taken: list[str] = []
    try:
        left_out = _take(reader, target, size_limit, own, taken)
    except OSError as error:
        raise StepError(f"the evidence cannot be written: {error.strerror}") from None
    if left_out > TOLD_LIMIT:
        say(f"evidence: {left_out} files were left out, the first {TOLD_LIMIT} are named above")
    return taken


def _take(reader: Reader, target: Path, size_limit: int, own: Collection[str], taken: list[str]) -> int:
    """Append the names of what is taken to `taken`; return how many files were left out."""
    target.mkdir(parents=True, exist_ok=True)
    left_out = 0
    for header in headers(reader):
        content = reader.content(header.size)
        stored = served_name(header.path)
        path = apart(target, header.path) or target / (stored or "")
        reason = _left_out(header.kind, stored, path, len(taken))
        if header.kind != "folder" and header.path.partition("/")[0] in own:
            reason = "has the name of a file of the pipeline's own"
        if header.kind == "folder" or reason:
            for _ in content:
                pass
            left_out += bool(reason)
            if reason and left_out <= TOLD_LIMIT:
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
    return left_out


def apart(target: Path, path: str) -> Path | None:
    """Return where an artifact of its own looks for this file of the stage's folder `target`; None for all others."""
    return target.parent / APART_FOLDER / APART[path] if path in APART else None


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
