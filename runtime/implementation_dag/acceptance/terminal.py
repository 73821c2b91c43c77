"""What may be printed of text that a server under test chose."""

from __future__ import annotations


def printable(text: str, limit: int = 300) -> str:
    """Return `text` with what is unprintable (ANSI sequences, line ends) escaped, at most `limit` characters.

    A server's answer reaches the workflow's log; unescaped it could rewrite lines or forge results there.
    """
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return escaped if len(escaped) <= limit else escaped[: limit - 1] + "…"
