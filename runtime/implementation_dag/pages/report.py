"""report.html: one run for a person, the verdict and what failed first.

A pure function of the run's index and of the evidence beside it. Of each part as much is shown as a person reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from implementation_dag.acceptance.figures import JUDGES, LEAST_SUCCESS, SLOWEST_P95, Figures
from implementation_dag.agents import findings
from implementation_dag.contract import stages
from implementation_dag.contract.served import served_name

from . import files, html, junit, latency, timeline

Object = dict[str, Any]
MOST_FINDINGS, MOST_TESTS, MOST_FILES, MOST_HOSTS, MOST_REASONS, MOST_ADDRESSES = 100, 200, 500, 30, 20, 10
DIFF_BYTES, DIFF_LINES, LINE_LIMIT, WORDS_BYTES = 64 * 1024, 600, 400, 8 * 1024
PERCENTILES = ("p50", "p95", "p99")
# Stage's folder → the diff that its agent made, and how it is called.
_DIFFS = (("rex", "changes.diff", "What rex changed"), ("clippy", "fixes.diff", "What clippy changed"))
# What is read of a stage that failed.
_WORDS = {"rex": ("tests.log",), "deploy": ("helm-status.txt", "diagnosis.txt")}
_KINDS = {"+": "added", "-": "taken", "@": "place"}


def build(index: Object, folder: Path, compared: bool = False, links: bool = True) -> str:
    """Return the page of a run by its index and the folder that holds its evidence.

    `compared`: there is a page of all runs of its pull request. `links`: what lies beside the page opens where it does.
    """
    tasks = {task: told["verdict"] for task, told in index["tasks"].items()}
    return html.page(
        "report.html.j2",
        index=index,
        title=title(index),
        passed=index["result"] == "Succeeded",
        took=timeline.told(timeline.between(index["started"], index["ended"])),
        failures=_failures(index, folder),
        bars=timeline.bars(tasks, index["tasks"]),
        acceptance=_acceptance(index, folder / "acceptance"),
        tests=junit.read(folder / "qa" / "test-results.xml"),
        diffs=[_diff(folder / stage / name, words) for stage, name, words in _DIFFS],
        addresses=_addresses(folder / "deploy" / "urls.json"),
        files=[one | {"linked": linked(one["name"])} for one in index["files"][:MOST_FILES]],
        most_tests=MOST_TESTS,
        compared=compared,
        links=links,
        told=timeline.told,
        price=html.price,
        ms=latency.milliseconds,
        percentiles=PERCENTILES,
    )


def title(index: Object) -> str:
    """Return the pull request's name, the run's where it had none."""
    names = (index.get("owner"), index.get("repo"), index.get("pr"))
    return f"{names[0]}/{names[1]}#{names[2]}" if all(names) else str(index["workflow"])


def linked(name: str) -> bool:
    """Say whether no browser runs anything of a file with this name, wherever it lies."""
    return served_name(name) == name


def _failures(index: Object, folder: Path) -> list[Object]:
    """Return what each failed task says, what it found, and the end of the words that it left."""
    evidence = {task: stage for stage, task in stages.TASKS.items()}
    found = []
    for task, words in index["failures"].items():
        stage = evidence.get(task, "")
        place = folder / stage
        rows = (
            [*findings.remaining(place / findings.REPORT), *findings.failures(place / findings.TESTS)] if stage else []
        )
        left = [(name, files.text(place / name, WORDS_BYTES)) for name in _WORDS.get(stage, ())]
        report = files.document(place / "report.json") if stage == "acceptance" else {}
        found.append(
            {
                "task": task,
                "words": words,
                "findings": rows[:MOST_FINDINGS],
                "more": max(0, len(rows) - MOST_FINDINGS),
                "reasons": [one for one in _texts(report.get("reasons")) if one not in words][:MOST_REASONS],
                "left": [(name, text) for name, text in left if text.strip()],
            }
        )
    return found


def _acceptance(index: Object, folder: Path) -> Object | None:
    """Return acceptance's figures and plot; None where it measured nothing."""
    report = files.document(folder / "report.json")
    hosts = [one for one in report.get("hosts") or [] if isinstance(one, dict)] if report else []
    if not hosts:
        return None
    whole = _figures("all hosts", report)
    limits = {name: files.number(value) for name, value in index["thresholds"].items()}
    return {
        "judged": _judged(whole, limits),
        "rows": [_figures(files.word(one.get("host")), one) for one in hosts[:MOST_HOSTS]]
        + ([whole] if len(hosts) > 1 else []),
        "more": max(0, len(hosts) - MOST_HOSTS),
        "plot": latency.plot(folder / "requests.jsonl", whole["latency"], limits.get(SLOWEST_P95)),
    }


def _judged(whole: Object, limits: dict[str, float | None]) -> list[Object]:
    """Return each figure of all requests in words, its limit, and whether it holds that."""
    good, total = int(whole["good"] or 0), int(whole["total"] or 0)
    figures = Figures(total, good, {f"{name}_ms": value for name, value in whole["latency"].items()})
    least, most = limits.get(LEAST_SUCCESS), limits.get(SLOWEST_P95)
    found: list[Object] = [{"name": "answered well", "measured": f"{good} of {total}", "limit": ""}]
    found += [
        {"name": name, "measured": latency.milliseconds(value), "limit": ""} for name, value in whole["latency"].items()
    ]
    if least is not None:
        found[0] |= {"limit": f"at least {least * 100:.4g} %", "held": not JUDGES[LEAST_SUCCESS](figures, least)}
    if most is not None:
        held = not JUDGES[SLOWEST_P95](figures, most)
        found[1 + PERCENTILES.index("p95")] |= {"limit": f"at most {latency.milliseconds(most)}", "held": held}
    return found


def _figures(host: str, part: Object) -> Object:
    return {
        "host": host,
        "total": files.number(part.get("total_requests")),
        "good": files.number(part.get("successful_requests")),
        "latency": {name: files.number(part.get(f"{name}_ms")) for name in PERCENTILES},
        "passed": part.get("passed"),
    }


def _diff(file: Path, words: str) -> Object:
    """Return the lines of a diff with the kind of each."""
    lines = files.text(file, DIFF_BYTES).splitlines()
    shown = [(_kind(line), html.cut(line, LINE_LIMIT)) for line in lines[:DIFF_LINES]]
    return {"words": words, "name": f"{file.parent.name}/{file.name}", "lines": shown, "all": len(lines) <= DIFF_LINES}


def _kind(line: str) -> str:
    return "file" if line.startswith(("+++", "---", "diff ")) else _KINDS.get(line[:1], "same")


def _addresses(file: Path) -> list[str]:
    urls = files.document(file).get("urls")
    return _texts(urls)[:MOST_ADDRESSES]


def _texts(found: object) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
