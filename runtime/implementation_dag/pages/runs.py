"""runs.html: a pull request's runs beside each other, the newest first.

Each run adds its row to what the runs before it left in runs.json. One run of a pull request goes on at a time
(docs/decisions/0111), to the end of its exit handler, so no two write at once.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from implementation_dag.contract import names

from . import files, html, junit, latency, timeline

Object = dict[str, Any]
MOST = 50
_WORDS, _NUMBERS = (
    ("workflow", "commit", "result", "started", "currency"),
    ("seconds", "p95_ms", "passed", "failed", "amount"),
)


def build(index: Object, rows: list[Object], links: bool = True) -> str:
    """Return the page of the pull request of `index`; `links`: what lies below its folder opens where it does."""
    title = f"{index['owner']}/{index['repo']}#{index['pr']}"
    return html.page(
        "runs.html.j2",
        title=title,
        rows=rows,
        price=html.price,
        most=MOST,
        links=links,
        good=sum(row["result"] == "Succeeded" for row in rows),
        costs=any(row["amount"] is not None for row in rows),
        share=partial(_share, rows),
        told=timeline.told,
        ms=latency.milliseconds,
        index=index,
    )


def added(index: Object, folder: Path, earlier: Path) -> list[Object] | None:
    """Return the rows with that of the run of `index`, whose evidence is in `folder`; None where it has no name.

    `earlier` is the runs.json of the runs before it, if there is one.
    """
    if index["pr"] is None or names.refused(index["owner"] or "", index["repo"] or "", str(index["pr"])):
        return None
    tests = junit.read(folder / "qa" / "test-results.xml")
    row = {
        "workflow": index["workflow"],
        "commit": index["commit"],
        "result": index["result"],
        "started": index["started"],
        "seconds": timeline.between(index["started"], index["ended"]),
        "p95_ms": files.document(folder / "acceptance" / "report.json").get("p95_ms"),
        **((index.get("usage") or {}).get("cost") or {}),
        "passed": tests.counts[junit.PASSED] if tests.cases else None,
        "failed": tests.counts[junit.FAILED] if tests.cases else None,
    }
    found = files.document(earlier).get("runs")
    before = [_row(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    # A later try of the exit handler finds the row of the one before.
    return [_row(row), *(one for one in before if one["workflow"] != index["workflow"])][:MOST]


def _share(rows: list[Object], name: str, row: Object) -> float:
    """Return a figure of a run as percent of the largest; 0 where there is nothing to compare."""
    known = [one[name] for one in rows if one[name] is not None]
    return round(row[name] / max(known) * 100, 1) if len(known) > 1 and row[name] and max(known) > 0 else 0.0


def _row(found: Object) -> Object:
    return {name: files.word(found.get(name))[:300] for name in _WORDS} | {
        name: files.number(found.get(name)) for name in _NUMBERS
    }
