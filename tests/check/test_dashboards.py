"""Grafana's own schema allows each dashboard, and Prometheus' own parser reads each question of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from idag.toolchain import tool
from scripts.chart.dashboards.__main__ import BOARDS, FOLDER
from scripts.chart.dashboards.panels import Board

from .questions import asked

PATHS = sorted(FOLDER.iterdir())


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("grafana-dashboard"), path], capture_output=True, text=True, check=False)


def parsed(query: str) -> subprocess.CompletedProcess[str]:
    command = [str(tool("promtool")), "--experimental", "promql", "format", query]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_grafana_allows_it(path: Path) -> None:
    done = checked(path)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("wrong", [{"titel": "x"}, {"options": {"graphMode": "none"}}, {"title": 7}])
def test_grafana_s_schema_refuses_another(wrong: dict[str, object], tmp_path: Path) -> None:
    board = json.loads(PATHS[0].read_text(encoding="utf-8"))
    next(panel for panel in board["panels"] if panel["type"] == "stat").update(wrong)
    (tmp_path / "wrong.json").write_text(json.dumps(board), encoding="utf-8")
    assert checked(tmp_path / "wrong.json").returncode == 1


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_prometheus_reads_each_question(board: Board) -> None:
    for query in asked(board):
        done = parsed(query)
        assert done.returncode == 0, query + done.stderr


def test_prometheus_refuses_half_a_question() -> None:
    assert parsed("sum(up").returncode != 0
