"""Pages as a parser sees them that takes nothing invalid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

# An element: its name, the names of its attributes, its class.
Kind = tuple[str, frozenset[str], str]


def parse(page: str) -> Element:
    """Return the page's root. Raises html5lib's ParseError where it is no valid HTML."""
    found: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return found


def kinds(root: Element) -> set[Kind]:
    """Return what kinds of elements there are."""
    return {(one.tag, frozenset(one.attrib), one.get("class", "")) for one in root.iter() if isinstance(one.tag, str)}


def addresses(root: Element) -> list[str]:
    """Return where its links lead."""
    return [one.attrib["href"] for one in root.iter("a")]


def words(root: Element) -> str:
    """Return all of its text, its style left out, with a line for each element."""
    return "\n".join(_words(root))


def _words(element: Element) -> Iterator[str]:
    if element.tag != "style":
        yield element.text or ""
        for child in element:
            yield from _words(child)
            yield child.tail or ""


def section(root: Element, heading: str) -> str:
    """Return the text below the heading with this id, in one line; empty where there is none."""
    found = [one for one in root.iter("section") if one.get("aria-labelledby") == heading]
    return re.sub(r"\s+", " ", words(found[0])).strip() if found else ""
