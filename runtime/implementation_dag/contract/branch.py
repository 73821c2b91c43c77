"""Names of branches, which the author of a pull request chooses, on their way through Argo's parameters.

git allows almost anything in them (https://git-scm.com/docs/git-check-ref-format). Argo evaluates ``{{=...}}`` in every
value that it puts in, and the kubelet expands ``$(NAME)`` in variables: so a name is percent-encoded where it would
mean something.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "%{}$")


def encoded(name: str) -> str:
    """Return `name` with ``%``, braces, ``$`` and all but printable ASCII percent-encoded; usual names stay."""
    return quote(name, safe=_PLAIN, errors="surrogateescape")


def decoded(text: str) -> str:
    """Return the name that `encoded` gave as `text`."""
    return unquote(text, errors="surrogateescape")
