"""A recorded run of the real k6 (v1.8.1) and the settings it was made with.

Two hosts, four requests each, paths / and /gone: the first answers 200 and 404, the second refuses connections.
Bodies are cut at 8 bytes. Recorded with acceptance.js; record again when the script's output changes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from implementation_dag.acceptance.records import read_log
from implementation_dag.acceptance.report import Findings
from implementation_dag.acceptance.settings import ExpectedPath, Settings
from implementation_dag.acceptance.summary import read_summary
from implementation_dag.acceptance.targets import Target

RECORDED = Path(__file__).with_name("recorded")


@pytest.fixture
def findings() -> Findings:
    """What the recorded run found."""
    settings = Settings(
        namespace="impl-pr-7",
        min_success=0.95,
        max_p95_ms=1200,
        requests_per_host=4,
        paths=(ExpectedPath("/", (200,)), ExpectedPath("/gone", (200,))),
        body_limit_bytes=8,
        timeout_seconds=10,
        user_agent="test",
        script=Path("acceptance.js"),
    )
    return Findings(
        settings=settings,
        namespace="impl-pr-7",
        targets=(Target("https://shop.example.com", "shop.example.com"), Target("http://b:81", "b:81")),
        records=read_log(RECORDED / "k6.log").records,
        summary=read_summary(RECORDED / "summary.json"),
        k6_version="k6 v1.8.1",
    )
