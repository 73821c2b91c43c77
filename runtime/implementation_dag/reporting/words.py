"""Words of a pull request as text and nothing else, wherever a forge shows them.

In Markdown they stand in code spans: there no forge looks for mentions, references, links, images or HTML.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

ADDRESS_LIMIT = 1000
# Control and format characters (direction marks, zero widths), lone surrogates, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What else shows nothing: Unicode's Default_Ignorable_Code_Point (variation selectors, fillers), and Braille's blank.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
# What would end a code span, or a cell of a table around it.
_STAND_INS = str.maketrans({"`": "'", "|": "\N{BROKEN BAR}"})
_SPACES = re.compile(r"\s+")
# What may stand in the target of a Markdown link without a meaning of its own.
_KEPT_IN_ADDRESSES = "/:?#@!$&*+,=%~"


def plain(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters, all of them to be seen."""
    shown = "".join(" " if one.isspace() else one for one in text if one.isspace() or not _unseen(one))
    line = _SPACES.sub(" ", shown).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def code(text: str, limit: int) -> str:
    """Return a Markdown code span of `text`, which a table's cell may hold; empty where nothing is to be seen."""
    line = plain(text, limit).translate(_STAND_INS)
    return f"`{line}`" if line else ""


def address(text: str) -> str:
    """Return `text` where it is an http or https address that may stand in Markdown, else nothing."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        return ""
    written = quote(text, safe=_KEPT_IN_ADDRESSES, errors="replace")
    return written if fits and len(written) <= ADDRESS_LIMIT else ""


def link(ours: str, to: str) -> str:
    """Return a Markdown link with words of our own; nothing where `to` is no address."""
    target = address(to)
    return f"[{ours}](<{target}>)" if target else ""


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or bool(_BLANK.match(character))
