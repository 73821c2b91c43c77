"""YAML that people give, from files and standard input; it is read as the runtime reads what strangers give."""

from __future__ import annotations

import sys
from pathlib import Path

from implementation_dag.base.yaml_reader import InputError, Object, decoded, load

__all__ = ["InputError", "Object", "decoded", "load", "read_stdin", "read_text"]


def read_text(path: Path) -> str:
    """Return a file's text. Raises InputError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    return decoded(content, str(path))


def read_stdin() -> str:
    """Return the text on standard input. Raises InputError."""
    # A stream that somebody put in its place, such as StringIO, has no bytes; a closed one is None.
    bytes_of = getattr(sys.stdin, "buffer", None)
    content = bytes_of.read() if bytes_of else sys.stdin.read().encode() if sys.stdin else b""
    return decoded(content, "standard input")
