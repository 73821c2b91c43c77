"""The pages of runs of every kind, each as a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.pages import report, runs
from tests.unit.pages import example

Object = dict[str, Any]
# How it went, and the files that it left.
Run = tuple[RunStatus, dict[str, str]]
LONG = "never-ending" * 200
HOSTILE = "</pre></title><script>document.body.remove()</script><img src=https://evil.example.com/x>\u202e\x00{{ 1 }}"


def _stopped() -> Run:
    told = example.status("qa-testing")
    words = "workflow shutdown with strategy:  Stop"
    return replace(told, failures={"qa-testing": words}), example.files("deploy")


def _of_words(words: str) -> Run:
    """Return a run that failed everywhere and says `words` wherever evidence may say something."""
    seen = words.replace("\0", "")
    finding = {"file": words, "line": 1, "code": "E1", "message": words}
    files = example.files("acceptance") | {
        "clippy/report.json": json.dumps({"remaining": [finding]}),
        "qa/test-results.xml": f"<s><testcase><failure>{escape(seen)}</failure></testcase></s>",
        "rex/changes.diff": f"+{words}\n-{words}\n",
        "rex/tests.log": words,
        "deploy/helm-status.txt": words,
        "deploy/urls.json": json.dumps({"urls": [f"https://{words}", words]}),
        f"rex/{seen[:100].replace('/', '_')}.txt": "",
    }
    told = replace(
        example.status("acceptance"),
        parameters=example.GIVEN | {"owner": words, "repo": words},
        outputs={"set-params": {"BRANCH": words}},
        failures=dict.fromkeys(example.MESSAGES, words),
        notes=(words,),
    )
    return told, files


def _many() -> Run:
    told = ("<failure>assert 30 == 36</failure>", *("" for _ in range(49)))
    cases = "".join(f'<testcase name="test_{at}" time="0.01">{told[at % len(told)]}</testcase>' for at in range(700))
    return example.status("qa-testing"), example.files("qa-testing") | {"qa/test-results.xml": f"<s>{cases}</s>"}


REPORTS = {
    "passed": (example.status(), example.files()),
    **{f"failed-{task}": (example.status(task), example.files(task)) for task in example.MESSAGES},
    "stopped": _stopped(),
    "unknown": (RunStatus("Error", parameters={"owner": "a"}, notes=("cannot read Workflow x: 404",)), {}),
    "hostile": _of_words(HOSTILE),
    "long": _of_words(LONG),
    "many-tests": _many(),
}
RUNS = {"runs-1": 1, "runs-2": 2, "runs-30": 30}


def _usage(told: RunStatus) -> Object:
    """What the index says of a run's cost: a preview stays of one that succeeded."""
    hourly = 0.02 if told.result == "Succeeded" else 0.0
    return {"usage": {"cost": {"amount": 0.0123, "preview_hourly": hourly, "currency": "EUR"}}}


def write(name: str, folder: Path) -> Path:
    """Write the page of this name into `folder`."""
    page = folder / f"{name}.html"
    page.write_text(_runs(RUNS[name], folder) if name in RUNS else _report(name, folder), encoding="utf-8")
    return page


def _report(name: str, folder: Path) -> str:
    told, files = REPORTS[name]
    place = example.write(folder / name, files)
    return report.build(example.index(told, place) | _usage(told), place, compared=True)


def _runs(count: int, folder: Path) -> str:
    rows: list[Object] = []
    for at in range(count):
        failed = ("", "acceptance", "qa-testing")[at % 3]
        place = example.write(folder / f"run-{at}", example.files(failed))
        told = example.status(failed)
        index = example.index(told, place) | _usage(told) | {"workflow": f"shop-d21b2cdf-pr-7-{at}"}
        (folder / "runs.json").write_text(json.dumps({"runs": rows}))
        rows = runs.added(index, place, folder / "runs.json") or []
    return runs.build(index, rows)
