"""The dashboards are those that are committed; each panel says what it shows, and asks for what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.chart.dashboards.__main__ import BOARDS, FOLDER
from scripts.chart.dashboards.grafana import RUNBOOKS, written
from scripts.chart.dashboards.panels import Board, Panel
from scripts.chart.render.project import SUITE
from tests.unit.project.test_monitoring import declared

PANELS = [(board, panel) for board in BOARDS for row in board.rows for panel in row.panels]
# Of every process that Prometheus' own client counts, and what Prometheus adds.
COMMON = {"up", "ALERTS", "process_cpu_seconds_total", "process_resident_memory_bytes"}
UNITS = {"short", "s", "percentunit", "bytes", "cores", "reqps"}


def metrics() -> set[str]:
    """What is scraped of our processes, and what the rules record."""
    (rule,) = SUITE.render("every-value").objects.of("PrometheusRule")
    records = {rule["record"] for group in rule.data["spec"]["groups"] for rule in group["rules"] if "record" in rule}
    names = {name if name.startswith("cicd_") else f"implementation_dag_{name}" for name in declared()}
    return COMMON | records | {name + suffix for name in names for suffix in ("", "_bucket", "_sum", "_count")}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_what_is_committed_is_what_is_made(board: Board) -> None:
    assert (FOLDER / f"{board.name}.json").read_text(encoding="utf-8") == written(board)
    assert {path.stem for path in FOLDER.iterdir()} == {each.name for each in BOARDS}


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda each: getattr(each, "title", None))
def test_each_panel_says_what_it_shows_of_the_chosen_release(board: Board, panel: Panel) -> None:
    assert panel.title and panel.words.endswith(".") and panel.unit in UNITS
    for query in panel.queries:
        selectors = re.findall(r"([a-zA-Z_:][\w:]*)\{(.*?)\}", query.expr)
        assert selectors and {name for name, _ in selectors} <= metrics(), query
        assert all('job="$job"' in labels for _, labels in selectors), query
        assert "namespace=" not in query.expr, "previews are named by no dashboard"
        assert ("$repository" in query.expr) == board.by_repository
    assert len(panel.queries) == 1 or all(query.legend for query in panel.queries)


def test_each_alert_has_a_panel_that_leads_to_its_page() -> None:
    led = {alert for _, panel in PANELS for alert in panel.runbooks}
    assert led == {page.stem for page in Path("docs/runbooks").glob("*.md")}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_panels_fill_their_rows_and_know_no_installation(board: Board) -> None:
    made: dict[str, Any] = json.loads(written(board))
    taken = [panel["gridPos"] for panel in made["panels"]]
    assert all(place["w"] > 0 and place["x"] + place["w"] <= 24 for place in taken)
    corners = [(place["x"], place["y"]) for place in taken]
    assert len(corners) == len(set(corners))
    assert {ref["uid"] for panel in made["panels"] if (ref := panel.get("datasource"))} == {"${datasource}"}
    assert [variable["name"] for variable in made["templating"]["list"]][:2] == ["datasource", "job"]


@pytest.mark.parametrize("case", ["monitoring", "every-value"])
def test_the_chart_ships_each_with_its_own_pages(case: str) -> None:
    objects = SUITE.render(case).objects
    shipped = [each.data for each in objects.of("ConfigMap") if "-dashboard-" in each.data["metadata"]["name"]]
    values = yaml.safe_load(Path(f"tests/render/cases/{case}.yaml").read_text(encoding="utf-8"))["monitoring"]
    (alert, *_) = re.findall(r"https?://\S+runbooks", json.dumps(objects.of("PrometheusRule")[0].data))
    for found in shipped:
        labels, notes = found["metadata"]["labels"], found["metadata"].get("annotations", {})
        assert labels.items() >= values["dashboards"].get("labels", {"grafana_dashboard": "1"}).items()
        assert notes.get("grafana_folder", "") == values["dashboards"].get("folder", "")
        ((name, text),) = found["data"].items()
        assert RUNBOOKS not in text and alert in text
        assert f"{json.loads(text)['uid']}.json" == name
    assert len(shipped) == len(BOARDS)
