"""The report as one HTML page: figures, survivors with their diffs, keys, and the templates with marked branches."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from pathlib import Path

from scripts.chart.coverage.blocks import Template
from scripts.chart.coverage.branches import Branch
from scripts.chart.coverage.measure import Coverage
from scripts.chart.coverage.values import dotted

_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def html(coverage: Coverage, chart: Path) -> str:
    """Return the page; it needs no other file."""
    parts = [
        f"<!doctype html><meta charset=utf-8><title>Coverage of {escape(chart.name)}</title><style>{_STYLE}</style>",
        f"<h1>Coverage of {escape(chart.name)}</h1>",
        _figures(coverage),
        _survivors(coverage, chart),
        _keys(coverage),
        "<h2>Templates</h2>",
        "<p><span class=hit>green</span>: some case takes this branch (hover for which). <span class=miss>red</span>: "
        "none does. ⚠: a change on this line that no test noticed.</p>",
        *(_template(coverage, template) for template in coverage.templates if template.actions),
    ]
    return "\n".join(parts)


def _figures(coverage: Coverage) -> str:
    figures, per_cent = coverage.figures, coverage.percentages
    rows = [
        f"<tr><td>{title}<td>{figures[done]} of {figures[name]}<td>{per_cent[name]} %"
        for title, name, done in (
            ("Values keys exercised", "value_keys", "value_keys_exercised"),
            ("Template branches reached", "branches", "branches_exercised"),
            ("Mutants killed", "mutants", "mutants_killed"),
        )
    ]
    return f"<table>{''.join(rows)}</table>"


def _survivors(coverage: Coverage, chart: Path) -> str:
    items = []
    for number, mutant in enumerate(coverage.survivors):
        diff = escape(mutant.diff((chart / mutant.file).read_text(encoding="utf-8")))
        place = f"{escape(mutant.file)}:{mutant.line}"
        items.append(f"<li id=s{number}><b>{place}</b> {escape(mutant.what)}<pre>{diff}</pre>")
    return f"<h2>Changes that no test noticed: {len(items)}</h2><ol>{''.join(items)}</ol>"


def _keys(coverage: Coverage) -> str:
    rows = []
    for key in coverage.values.keys:
        case = coverage.keys.get(key)
        mark = f"<td class=hit>{escape(case)}" if case else "<td class=miss>no case"
        rows.append(f"<tr><td>{escape(dotted(key))}{mark}")
    return f"<h2>Values keys</h2><details><summary>All {len(rows)}</summary><table>{''.join(rows)}</table></details>"


def _template(coverage: Coverage, template: Template) -> str:
    arms = [arm for arm in coverage.branches if arm.template is template]
    missed = sum(arm.number not in coverage.reached for arm in arms)
    survivors: dict[int, int] = {}
    for number, mutant in enumerate(coverage.survivors):
        if mutant.file == template.name:
            survivors.setdefault(mutant.line, number)
    gutter = "\n".join(
        f"<a href=#s{survivors[line]}>⚠ {line}</a>" if line in survivors else str(line)
        for line in range(1, template.text.count("\n") + 2)
    )
    state = f"{len(arms) - missed} of {len(arms)} branches, {len(survivors)} lines with survivors"
    opened = " open" if missed or survivors else ""
    source = f"<pre class=gutter>{gutter}</pre><pre>{_source(coverage, template, arms)}</pre>"
    return (
        f"<details{opened}><summary><b>{escape(template.name)}</b> {state}</summary>"
        f"<div class=source>{source}</div></details>"
    )


def _source(coverage: Coverage, template: Template, arms: list[Branch]) -> str:
    """The text with a mark around each action that opens an arm, and after each end whose else is missing."""
    marks: dict[int, list[str]] = defaultdict(list)
    for arm in arms:
        case = coverage.reached.get(arm.number)
        style, title = ("hit", f"taken by {case}") if case else ("miss", "taken by no case")
        if arm.arm.opening:
            marks[arm.arm.opening.start].append(f'<span class={style} title="{escape(title)}">')
            marks[arm.arm.opening.end].append("</span>")
        elif arm.block.closing:
            note = f'<span class="{style} note" title="{escape(title)}">else</span>'
            marks[arm.block.closing.end].append(note)
    text, position, parts = template.text, 0, []
    for offset in sorted(marks):
        parts += [escape(text[position:offset]), *marks[offset]]
        position = offset
    return "".join([*parts, escape(text[position:])])
