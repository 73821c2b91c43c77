"""Which questions of the dashboards a Prometheus answers."""

from __future__ import annotations

import pytest

from scripts.chart.dashboards.__main__ import BOARDS
from scripts.lab.monitoring.prometheus import Prometheus
from tests.check.questions import asked

# Parts of questions that have no answer after good runs, and why.
UNANSWERED = {
    "_quota:ratio": "what containers use cadvisor knows, and no kubelet runs here",
    "forge_rate_limit": "Gitea says nothing of it",
    "ALERTS{": "nothing fires; where something does, they have data",
    "reaper_removed_total": "nothing leaks; where something does, they have data",
}


def note_queries(node: pytest.Item, prometheus: Prometheus, job: str, repository: str) -> list[str]:
    """Note every question, and of which there is data; return those without for which no reason is known."""
    without = []
    for board in BOARDS:
        # Without the choices they are the same in each installation.
        for key, query in zip(asked(board), asked(board, job, repository), strict=True):
            node.user_properties.append(("query", f"{board.name}: {key}"))
            if prometheus.ask(query):
                node.user_properties.append(("query_with_data", f"{board.name}: {key}"))
            elif not any(part in query for part in UNANSWERED):
                without.append(query)
    return without
