"""The page: prose from page.md, and one table for each section of the values."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from string import Template

import yaml

from scripts.chart.readme.allowed import allowed, code
from scripts.chart.readme.values import Value, read

PROSE = Path(__file__).with_name("page.md")
# Values at the top level of values.yaml share one table.
GENERAL = "general"
_ROW = re.compile(r"^\| `(?P<key>[^`]+)` \|")


def page(chart: Path) -> str:
    """Return the README of the chart. Raises ValuesError, and KeyError when page.md names an unknown field."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    fields = {
        "name": about["name"],
        "description": about["description"],
        "version": about["version"],
        "kube_version": about["kubeVersion"].removesuffix("-0"),
        "values": "\n\n".join(_tables(read(chart))),
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


def _tables(values: list[Value]) -> list[str]:
    tables = []
    for section, members in groupby(values, lambda value: value.key.split(".")[0] if "." in value.key else GENERAL):
        head = f"### {section}\n\n| value | type, allowed | default | meaning |\n|---|---|---|---|"
        tables.append("\n".join([head, *map(_row, members)]))
    return tables


def _row(value: Value) -> str:
    cells = (f"`{value.key}`", allowed(value.schema), code(value.default), value.comment)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    # A bar ends the cell even inside code; angle brackets outside of it would be taken for HTML.
    parts = re.split(r"(`[^`]*`)", text.replace("|", r"\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)
