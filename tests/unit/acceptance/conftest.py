"""A recorded run of the real vegeta (v12.13.0) and the settings it was made with.

Two hosts, four requests each, paths / and /gone: the first answers 200 and 404, the second refuses connections.
Bodies are cut at 8 bytes. The host names were put in afterwards.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from implementation_dag.acceptance.figures import summarize
from implementation_dag.acceptance.load import Load
from implementation_dag.acceptance.records import read_records
from implementation_dag.acceptance.report import Findings
from implementation_dag.acceptance.settings import ExpectedPath, Settings
from implementation_dag.acceptance.targets import Target

RECORDED = Path(__file__).with_name("recorded") / "vegeta.jsonl"


@pytest.fixture
def findings() -> Findings:
    """What the recorded run found."""
    settings = Settings(
        namespace="impl-pr-7",
        thresholds={"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 4},
        paths=(ExpectedPath("/", (200,)), ExpectedPath("/gone", (200,))),
        body_limit_bytes=8,
        timeout_seconds=10,
        requests_per_second=5,
        user_agent="test",
    )
    targets = (Target("https://shop.example.com", "shop.example.com"), Target("http://b:81", "b:81"))
    load = Load(settings, targets)
    with RECORDED.open("rb") as lines:
        records, _ = read_records(lines, load)
    return Findings(
        settings=settings,
        namespace="impl-pr-7",
        targets=targets,
        records=tuple(records),
        summary=summarize(records, load, 1000),
        tool="vegeta v12.13.0",
    )
