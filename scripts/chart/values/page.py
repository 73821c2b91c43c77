"""The page: prose from page.md, and one table for each section of the values."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from string import Template

import yaml

from implementation_dag.contract import supported

from .allowed import allowed, code
from .entries import Entry, Schema, values
from .references import followed
from .schema import of_values

PROSE = Path(__file__).with_name("page.md")
# Values at the top level of values.yaml share one table.
GENERAL = "general"
_ROW = re.compile(r"^\| `(?P<key>[^`]+)` \|")


def page(chart: Path, entries: tuple[Entry, ...], schema: Schema) -> str:
    """Return the README of the chart. Raises KeyError when page.md names an unknown field."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    fields = {
        "name": about["name"],
        "description": about["description"],
        "version": about["version"],
        "kube_version": about["kubeVersion"].removesuffix("-0"),
        "argo_workflows": supported.ARGO_IN_WORDS,
        "values": "\n\n".join(_tables(entries, schema)),
    }
    return Template(PROSE.read_text()).substitute(fields)


def stale(wanted: str, kept: str) -> list[str]:
    """Return what differs between two READMEs: the keys whose rows do, else that the prose does."""
    new, old = _rows(wanted), _rows(kept)
    found = [f"{key}: missing" for key in new if key not in old]
    found += [f"{key}: no longer a value" for key in old if key not in new]
    found += [f"{key}: not as described there" for key in new if key in old and new[key] != old[key]]
    return found or (["the text around the tables"] if wanted != kept else [])


def _rows(text: str) -> dict[str, str]:
    return {match["key"]: line for line in text.splitlines() if (match := _ROW.match(line))}


def _tables(entries: tuple[Entry, ...], schema: Schema) -> list[str]:
    parts = of_values(entries, schema)
    tables = []
    for section, members in groupby(
        values(entries), lambda one: one.path.split(".")[0] if "." in one.path else GENERAL
    ):
        head = f"### {section}\n\n| value | type, allowed | default | meaning |\n|---|---|---|---|"
        tables.append("\n".join([head, *(_row(one, _whole(parts[one.path], schema)) for one in members)]))
    return tables


def _whole(part: Schema, schema: Schema) -> Schema:
    found = followed(part, schema)
    return found | {"items": followed(found["items"], schema)} if "items" in found else found


def _row(value: Entry, part: Schema) -> str:
    cells = (f"`{value.path}`", allowed(part), code(value.default), value.comment)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    # A bar ends the cell even inside code; angle brackets outside of it would be taken for HTML.
    parts = re.split(r"(`[^`]*`)", text.replace("|", r"\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)
