"""Templates to HTML: everything that is put in is escaped, and of what cannot be seen its code is shown.

A page asks for nothing: its policy allows the one style that stands in it, by its hash, and no script at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from implementation_dag.cost import money
from implementation_dag.reporting.words import address

from . import timeline

# Control and format characters (direction marks, zero widths), surrogates, what no Unicode has, line separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})
# What is not ASCII, or is a control character, is looked at; most text has none of it.
_LOOKED_AT = re.compile(r"[^\t\n\x20-\x7e]")


def page(template: str, **context: object) -> str:
    """Return the page of a template in `templates/`."""
    return _environment().get_template(template).render(context) + "\n"


def seen(text: str) -> str:
    """Return `text` with the code of each character that shows nothing in its place; tabs and line feeds stay."""
    return _LOOKED_AT.sub(_code, text.replace("\r\n", "\n"))


def cut(text: str, limit: int) -> str:
    """Return `text`, at most `limit` characters of it, and a sign where some are missing."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def beside(name: str) -> str:
    """Return the relative address of a file beside the page; whatever it is called, it is no scheme."""
    return "./" + quote(name, safe="/", errors="replace")


def price(cost: dict[str, Any] | None) -> str:
    """Return what something cost, in words."""
    return money(cost["amount"], cost["currency"]) if cost else "–"


def _code(found: re.Match[str]) -> str:
    character = found.group()
    return f"\\u{ord(character):04x}" if unicodedata.category(character) in _UNSEEN else character


def _written(value: object) -> object:
    return seen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    folder = resources.files(__package__).joinpath("templates")
    texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()}
    style = texts.pop("style.css")
    found = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    found.globals |= {"style": Markup(style), "style_hash": digest, "beside": beside}  # noqa: S704 -- our own file
    found.filters |= {"cut": cut, "address": address, "moment": timeline.moment}
    return found
