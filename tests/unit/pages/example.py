"""Evidence of runs as they are, made up: one that ended well, and ones that failed at each stage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from implementation_dag.base import moments
from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.contract import stages
from implementation_dag.steps import evidence_index

Object = dict[str, Any]
BEGIN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
BASE, FIXED = "a" * 40, "b" * 40
HOST = "shop-pr-7.preview.example.com"
GIVEN = {
    "owner": "acme",
    "repo": "shop",
    "pr": "7",
    "min_success_pct": "0.95",
    "max_p95_ms": "400",
    "requests_per_host": "60",
}
# Task → seconds from the run's begin to its own, and how many it took.
SPANS = {
    "set-params": (0, 3),
    "implement": (3, 41),
    "clippy-format": (44, 12),
    "provision": (56, 5),
    "qa-testing": (56, 38),
    "deploy": (94, 27),
    "acceptance": (121, 19),
}
DIFF = """diff --git a/shop/cart.py b/shop/cart.py
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -1,4 +1,5 @@
 def total(cart: list[int]) -> int:
-    return reduce(add, cart)
+    \"\"\"Return what a cart costs.\"\"\"
+    return sum(cart)
"""
MESSAGES = {
    "set-params": "pr is 'seven', allowed are whole numbers from 1 to 999999999",
    "implement": "rex ended with 1: tests fail",
    "clippy-format": "clippy ended with 1: 2 violations remain",
    "qa-testing": "qa ended with 1: 2 of 41 tests failed",
    "provision": "the namespace is not gone after 120 s",
    "deploy": "AnsweredBadly: /healthz answers 503 for 60 s",
    "acceptance": "the pull request answered badly: all requests: p95 is 671 ms, at most 400 ms is allowed",
}


def status(failed: str = "") -> RunStatus:
    """Return how a run went that failed at the task `failed`; nowhere, where that is empty."""
    verdicts: dict[str, str] = {}
    for stage in stages.STAGES:
        before = [verdicts[task] for task in stage.after]
        ran = all(verdict == "Succeeded" for verdict in before)
        verdicts[stage.task] = ("Failed" if stage.task == failed else "Succeeded") if ran else "Omitted"
    spans = {task: span for task, span in SPANS.items() if _ran(verdicts[task])}
    return RunStatus(
        result="Failed" if failed else "Succeeded",
        parameters=GIVEN,
        verdicts=verdicts,
        failures={failed: MESSAGES[failed]} if failed else {},
        outputs={"set-params": {"COMMIT": BASE, "BRANCH": "feature/cart"}, "clippy-format": {"commit": FIXED}},
        times={
            task: (moment(begin), moment(begin + took)) for task, (begin, took) in SPANS.items() if _ran(verdicts[task])
        },
        started=moment(0),
        ended=moment(max(map(sum, spans.values()))),
    )


def files(failed: str = "") -> dict[str, str]:
    """Return name → content of what the stages of such a run leave."""
    found = {
        "rex/commit.txt": BASE,
        "rex/changes.diff": DIFF,
        "rex/tests.log": "41 passed",
        "clippy/report.json": json.dumps({"remaining": _violations() if failed == "clippy-format" else []}),
        "clippy/fixes.diff": DIFF,
        "qa/test-results.xml": _junit(2 if failed == "qa-testing" else 0),
        "qa/coverage.html": "<h1>Coverage</h1>",
        "qa/performance.json": "{}",
        "deploy/helm-status.txt": "STATUS: failed\nshop-6d8f: readiness probe failed: HTTP 503\n",
        "deploy/resources.yaml": "kind: Deployment\n",
        "deploy/image.json": "{}",
        "deploy/urls.json": json.dumps({"hosts": [HOST], "urls": [f"https://{HOST}"]}),
        **acceptance(slow=failed == "acceptance"),
    }
    ran = {folder for folder, task in stages.TASKS.items() if _ran(status(failed).verdicts[task])}
    return {name: content for name, content in found.items() if name.split("/")[0] in ran}


def acceptance(slow: bool) -> dict[str, str]:
    """Return what acceptance leaves of 60 requests; slow ones grow slower."""
    latencies = [18 + at * 7 % 23 + (at * 11 if slow else at % 9) + (90 if at % 17 == 0 else 0) for at in range(60)]
    ranked = sorted(latencies)
    percentiles = {f"p{of}_ms": float(ranked[of * 60 // 100]) for of in (50, 90, 95, 99)}
    figures = {"total_requests": 60, "successful_requests": 58 if slow else 60, **percentiles}
    reasons = [MESSAGES["acceptance"].partition(": ")[2]] if slow else []
    report = {
        **figures,
        "hosts": [{"host": HOST, "url": f"https://{HOST}", **figures, "passed": not slow}],
        "verdict": "failed" if slow else "passed",
        "reasons": reasons,
    }
    requests = [
        {"host": HOST, "began": moment(121 + at * 0.2), "ok": not (slow and at in (40, 55)), "latency_ms": latency}
        for at, latency in enumerate(latencies)
    ]
    return {
        "acceptance/report.json": json.dumps(report),
        "acceptance/requests.jsonl": "".join(json.dumps(one) + "\n" for one in requests),
        "acceptance/performance.json": "{}",
    }


def write(folder: Path, content: Mapping[str, str | bytes]) -> Path:
    """Write files into `folder`."""
    for name, words in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(words if isinstance(words, bytes) else words.encode(errors="surrogatepass"))
    return folder


def index(told: RunStatus, folder: Path) -> Object:
    """Return the index of a run over its evidence."""
    run = evidence_index.Run("shop-d21b2cdf-pr-7-1", "uid", "workflows", "implementation-dag")
    versions = {"chart": "0.2.0", "runtime": "registry.example.com/runtime@sha256:0", "kubernetes": "v1.35.4"}
    return evidence_index.build(run, versions, told, None, folder)


def _violations() -> list[Object]:
    return [
        {"file": "shop/cart.py", "line": 12, "code": "F821", "message": "Undefined name `tax`"},
        {"file": "shop/api.py", "line": 40, "code": "E711", "message": "Comparison to `None` should be `is`"},
    ]


def _junit(failed: int) -> str:
    cases = []
    for at in range(41):
        words = '<failure message="assert 30 == 36">cart: assert 30 == 36</failure>' if at < failed else ""
        cases.append(f'<testcase classname="tests.test_cart" name="test_{at}" time="0.0{at:02}">{words}</testcase>')
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


def _ran(verdict: str) -> bool:
    return verdict != "Omitted"


def moment(seconds: float) -> str:
    return moments.stamp(BEGIN + timedelta(seconds=seconds))
