"""The one comment on a pull request, in Markdown."""

from __future__ import annotations

from implementation_dag.forge.model import Report

from . import agents
from .outcome import Line, Outcome, of_run, of_stages
from .words import code, link

# GitHub takes no longer one.
LIMIT = 65_536
_NAME_LIMIT, _SENTENCE_LIMIT, _FIGURE_LIMIT, _MOST_FIGURES = 100, 200, 120, 20
# As many findings as there is room for.
_FINDINGS = (24, 6, 0)
_SIGNS = {
    Outcome.WAITING: "⏳",
    Outcome.RUNNING: "🔄",
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.OMITTED: "➖",
    Outcome.STOPPED: "⏹️",
    Outcome.REFUSED: "✋",
}


def marker(release: str) -> str:
    """Return the first line of the release's comment: only there it counts."""
    return f"<!-- implementation-dag release={release} -->"


def body(report: Report, release: str) -> str:
    """Return the comment's text, at most LIMIT characters."""
    head = "\n\n".join(filter(None, (_headline(report, release), _stages(report), _figures(report), _commands(report))))
    for most in _FINDINGS:
        block = agents.block(report, most)
        text = f"{head}\n\n<details><summary>For agents</summary>\n\n```json\n{block}\n```\n\n</details>"
        if len(text) <= LIMIT:
            break
    return text


def refusal(release: str, comment: int, author: str, why: str) -> str:
    """Return the answer to a command that was not done."""
    return f"{refusal_marker(release, comment)}\n{code(author, _NAME_LIMIT)}, not done: {code(why, _SENTENCE_LIMIT)}"


def refusal_marker(release: str, comment: int) -> str:
    """Return the first line of the answer to one comment."""
    return f"<!-- implementation-dag release={release} answers={comment} -->"


def _headline(report: Report, release: str) -> str:
    line = of_run(report)
    commit, run = code(report.commit, 40), code(report.run, _NAME_LIMIT)
    words, _, reason = line.sentence.partition(": ")
    addresses = {
        "preview": report.preview,
        "report": report.page,
        "all runs": report.runs,
        "evidence": report.evidence,
    }
    links = (link(words, to) for words, to in addresses.items())
    title = " ".join(filter(None, (_SIGNS[line.outcome], words, code(reason, _SENTENCE_LIMIT))))
    cost = code(report.cost, _FIGURE_LIMIT)
    facts = (f"commit {commit}", f"run {run}" if run else "", *links, f"cost {cost}" if cost else "")
    return f"{marker(release)}\n### {title}\n\n" + " · ".join(filter(None, facts))


def _stages(report: Report) -> str:
    lines = of_stages(report)
    rows = [f"| {_SIGNS[line.outcome]} | {code(line.stage, _NAME_LIMIT)} | {_said(line)} |" for line in lines]
    return "\n".join(("| | stage | |", "|---|---|---|", *rows)) if rows else ""


def _said(line: Line) -> str:
    return " ".join(filter(None, (code(line.sentence, _SENTENCE_LIMIT), link("evidence", line.address))))


def _figures(report: Report) -> str:
    rows = [
        f"| {code(name, _NAME_LIMIT)} | {code(figure, _FIGURE_LIMIT)} |"
        for name, figure in report.figures[:_MOST_FIGURES]
    ]
    return "\n".join(("| acceptance | |", "|---|---|", *rows)) if rows else ""


def _commands(report: Report) -> str:
    if not report.preview:
        return "Again: comment `/retest`."
    until = f" until {code(report.expires, _NAME_LIMIT)}" if report.expires else ""
    return (
        f"The preview stays{until}. Longer: comment `/preview extend 24h`. Away now: `/preview stop`. Again: `/retest`."
    )
