"""`make check-real`: what cannot be rendered is told by chart and case, and the others are still looked at."""

import json
from pathlib import Path
from typing import Any

import pytest

from idag.cluster.stages import Stage
from scripts.chart.real import pipeline
from scripts.chart.real.__main__ import main
from scripts.chart.real.pipeline import Pipeline
from scripts.lab.errors import LabError

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web-{{ randAlphaNum 5 | lower }}}
spec: {containers: [{name: web, image: web, colour: {{ required "no colour" .Values.colour }}}]}
"""


def write(folder: Path, name: str, about: str = "", values: str = "colour: red\n", template: str = POD) -> Path:
    chart = folder / name
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.2.3\n{about}", encoding="utf-8")
    (chart / "values.yaml").write_text(values, encoding="utf-8")
    (chart / "templates" / "pod.yaml").write_text(template, encoding="utf-8")
    return chart


def test_each_chart_is_told_and_none_stops_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    charts = tmp_path / "charts"
    good = write(charts, "good")
    write(good / "charts", "part")
    (good / "ci").mkdir()
    (good / "ci" / "none.yaml").write_text("colour: null\n", encoding="utf-8")
    write(charts, "library", "type: library\n")
    write(charts, "newer", "kubeVersion: '>=1.32.0-0'\n")
    write(
        charts, "lacking", "dependencies: [{name: other, version: 1.0.0, repository: 'https://charts.example.com'}]\n"
    )
    write(charts, "broken").joinpath("Chart.yaml").write_bytes("name: t\xfcr".encode("latin-1"))
    assert main([str(charts), "--out", str(tmp_path / "out")]) == 1
    summary: dict[str, Any] = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    found = {chart["name"]: chart for chart in summary["charts"]}
    assert list(found) == ["broken", "good", "lacking", "library", "newer"]
    whole = [name for name, chart in found.items() if chart["rendered"] and chart["linted"]]
    assert whole == ["good", "library", "newer"]
    assert (found["good"]["version"], found["good"]["cases"]) == ("1.2.3", 1)
    assert found["good"]["schema_faults"] == 4, "of two pods, on two versions of Kubernetes"
    assert found["good"]["findings"] > 2
    assert "case none" in found["good"]["reason"] and "no colour" in found["good"]["reason"]
    assert "missing in charts/" in found["lacking"]["reason"]
    assert "is no UTF-8" in found["broken"]["reason"]
    assert "colour" in (tmp_path / "out" / "good.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["none", "empty"])
def test_a_folder_without_charts_is_told(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / name)]) == 2
    assert str(tmp_path / name) in capsys.readouterr().err


def test_a_chart_for_the_pipeline_that_is_not_there_is_told_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "charts", "good")
    write(tmp_path / "charts", "broken").joinpath("Chart.yaml").write_bytes(b"name: t\xfcr")
    assert main([str(tmp_path / "charts"), "--pipeline", "better", "--out", str(tmp_path / "out")]) == 2
    assert "PIPELINE=better: there is no chart of that name; there are good" in capsys.readouterr().err
    assert main([str(tmp_path / "charts"), "--pipeline", "good", "--beside", "nowhere"]) == 2
    assert "WITH=nowhere: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "result", "reason", "code"),
    [
        (Pipeline("good", "1.2.3", "Succeeded", ""), "Succeeded", "", 0),
        (Pipeline("good", "1.2.3", "Failed", "deploy: NothingExposed: no"), "Failed", "deploy: NothingExposed: no", 1),
        (LabError("no\ncluster"), "could not run", "no cluster", 1),
    ],
)
def test_what_became_of_the_run_is_in_the_summary(
    answer: Any, result: str, reason: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(chart: Path, beside: Path | None, progress: object) -> Pipeline:
        assert (chart.name, beside) == ("good", None)
        if isinstance(answer, Exception):
            raise answer
        return Pipeline(*answer)

    monkeypatch.setattr(pipeline, "run", run)
    write(tmp_path / "charts", "good")
    assert main([str(tmp_path / "charts"), "--pipeline", "good", "--out", str(tmp_path / "out")]) == code
    told = json.loads((tmp_path / "out" / "summary.json").read_text())["pipeline"]
    assert told == {"name": "good", "version": "1.2.3", "result": result, "reason": reason}


def test_the_reason_is_what_the_first_failed_stage_said() -> None:
    good, bad = Stage("qa-testing", "Succeeded", 1, "", {}), Stage("deploy", "Failed", 1, "NothingExposed: none", {})
    later = Stage("remove-preview", "Error", 1, "other", {})
    assert pipeline.reason_of([good, bad, later]) == "deploy: NothingExposed: none"
    assert pipeline.reason_of([good]) == ""
