"""Copy the evidence that an untrusted agent wrote: plain files, of bounded size, nothing followed."""

from __future__ import annotations

from pathlib import Path

from ..log import say

FILE_LIMIT = 50


def copy(source: Path, target: Path, size_limit: int) -> list[str]:
    """Copy at most 50 plain files below `source`, each cut at `size_limit` bytes; return their names."""
    target.mkdir(parents=True, exist_ok=True)
    copied: list[str] = []
    if source.is_symlink():
        say("the folder of evidence is a link: nothing is taken")
        return copied
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        linked = any(part.is_symlink() for part in [path, *path.parents] if part != source and source in part.parents)
        if linked or not path.is_file():
            if linked:
                say(f"evidence {name} is a link: left out")
            continue
        if len(copied) == FILE_LIMIT:
            say(f"evidence has more than {FILE_LIMIT} files: the rest is left out")
            break
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as stream:
            content = stream.read(size_limit + 1)
        if len(content) > size_limit:
            say(f"evidence {name} is cut at {size_limit} bytes")
        (target / name).write_bytes(content[:size_limit])
        copied.append(name.as_posix())
    return copied
