"""What Grafana asks Prometheus for a dashboard, once somebody has chosen what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.chart.dashboards.panels import RANGE, RATE, RELEASE, REPOSITORY, Board


def asked(board: Board, job: str = "workflows/implementation-dag", repository: str = "acme/shop") -> Iterator[str]:
    """Each question, of an hour."""
    chosen = {RELEASE: job, REPOSITORY: repository, RANGE: "1h", RATE: "5m"}
    for row in board.rows:
        for panel in row.panels:
            for query in panel.queries:
                expr = query.expr
                for variable, value in chosen.items():
                    expr = expr.replace(variable, value)
                yield expr
