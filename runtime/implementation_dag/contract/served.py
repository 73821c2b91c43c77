"""Names under which an agent's files are stored: a browser that follows a link to one must not run it.

Argo's S3 client takes an object's Content-Type from the ending of the local file's name. What is no known plain type
gets the ending .txt and is shown as text. The two pages that the specification names keep their names in the bucket:
they are stored by artifacts of their own, from local files without an ending (docs/decisions/0069).
"""

from __future__ import annotations

import re

NAME_LIMIT = 200
# Endings whose types browsers show, or save, without running anything of them.
_PLAIN = {
    *("", "txt", "text", "log", "out", "err", "diff", "patch", "md", "csv", "tsv", "json", "jsonl", "ndjson"),
    *("yaml", "yml", "toml", "lcov", "info", "tap", "sarif", "png", "jpg", "jpeg", "gif", "webp", "gz", "zip"),
}
# Name in the bucket → name of the local file that Argo uploads to it.
APART = {"coverage.html": "coverage", "test-results.xml": "test-results"}
# XML, in which stores list their keys, has no U+FFFE and U+FFFF.
_PART = re.compile(r"[^\x00-\x1f\x7f/\\\ufffe\uffff]+\Z")


def served_name(name: str) -> str | None:
    """Return the name that a file of an agent gets in its stage's folder; None when no store could keep it.

    `name` is relative, with / between folders, as os.fsdecode gives it.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        # Bytes that are no UTF-8: S3 clients refuse them.
        return None
    parts = name.split("/")
    if size > NAME_LIMIT or any(part in ("", ".", "..") or not _PART.match(part) for part in parts):
        return None
    ending = parts[-1].rpartition(".")[2].lower() if "." in parts[-1] else ""
    return name if ending in _PLAIN else f"{name}.txt"
