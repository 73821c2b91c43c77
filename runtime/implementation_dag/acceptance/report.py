"""report.json and performance.json: what the acceptance test found, for people and for later steps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from implementation_dag.acceptance.figures import Figures, Scope, Summary
from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.settings import Settings
from implementation_dag.acceptance.targets import Target
from implementation_dag.acceptance.terminal import printable
from implementation_dag.acceptance.verdict import Verdict

_PERCENTILES = ("p50_ms", "p90_ms", "p95_ms", "p99_ms")
_MOST_CAUSES = 5


@dataclass(frozen=True)
class Findings:
    """All that one run of the load test yielded. `records` are ordered by target and number.

    `nobody` says why the test reached nobody at all; empty when it reached somebody.
    """

    settings: Settings
    namespace: str
    targets: tuple[Target, ...]
    records: tuple[Record, ...]
    summary: Summary
    tool: str
    nobody: str = ""


def build_report(findings: Findings, now: datetime) -> dict[str, Any]:
    """Return report.json's content: the specification's fields, percentiles, limits, hosts, result, reasons.

    `result` is "passed", "failed" or, where nobody was reached, "error"; `reasons` is empty exactly when it passed.
    Shares are 0-1.
    """
    reasons = failures(findings)
    verdict = Verdict.FAILED if reasons else Verdict.PASSED
    if findings.nobody:
        verdict = Verdict.COULD_NOT_RUN
    return {
        "ns": findings.namespace,
        **_measured(findings.summary.everything.figures),
        "timestamp": utc_timestamp(now),
        "thresholds": {**findings.settings.thresholds, "passed": not reasons},
        "hosts": [
            {
                "host": target.host,
                "url": target.url,
                **_measured(part.scope.figures),
                "passed": not part.scope.missed,
            }
            for target, part in zip(findings.targets, findings.summary.targets, strict=True)
        ],
        **_judged(verdict, reasons),
    }


def build_error_report(namespace: str, reason: str, now: datetime) -> dict[str, Any]:
    """Return report.json for a test that could not run: the same fields without figures, result "error"."""
    return {
        "ns": namespace,
        "success_pct": 0.0,
        "total_requests": 0,
        "successful_requests": 0,
        "error_rate": None,
        **dict.fromkeys(_PERCENTILES),
        "timestamp": utc_timestamp(now),
        "thresholds": {"passed": False},
        "hosts": [],
        **_judged(Verdict.COULD_NOT_RUN, [reason]),
    }


def nobody_reached_words(why: str) -> str:
    """Return the reason of a test that reached nobody."""
    return f"nobody could be reached, so the pull request is not judged: {why}"


def _judged(verdict: Verdict, reasons: list[str]) -> dict[str, Any]:
    return {
        # The name that this had before there was a verdict.
        "result": "error" if verdict == Verdict.COULD_NOT_RUN else str(verdict),
        "verdict": str(verdict),
        "reason": reasons[0] if reasons else "",
        "reasons": reasons,
    }


def build_performance(findings: Findings, now: datetime) -> dict[str, Any]:
    """Return performance.json's content: full latency statistics in all, per host and per path."""
    return {
        "tool": findings.tool,
        "timestamp": utc_timestamp(now),
        "duration_ms": round(findings.summary.duration_ms, 3),
        **_statistics(findings.summary.everything.figures),
        "hosts": [
            {
                "host": target.host,
                "url": target.url,
                **_statistics(part.scope.figures),
                "paths": [
                    {"path": path.path, "expected_status": list(path.statuses), **_statistics(figures)}
                    for path, figures in zip(findings.settings.paths, part.paths, strict=True)
                ],
            }
            for target, part in zip(findings.targets, findings.summary.targets, strict=True)
        ],
    }


def failures(findings: Findings) -> list[str]:
    """Return why the test failed, in words, most general first; empty when it passed."""
    summary = findings.summary
    if findings.nobody:
        return [nobody_reached_words(findings.nobody)]
    reasons = limits_missed("all requests", summary.everything)
    for target, part in zip(findings.targets, summary.targets, strict=True):
        # With a single host its figures are those of all requests: once is enough.
        if len(findings.targets) > 1:
            reasons += limits_missed(target.host, part.scope)
    return reasons + _causes(findings) if reasons else []


def limits_missed(subject: str, scope: Scope) -> list[str]:
    """Return a sentence for each limit that was not held in `scope`."""
    return [f"{subject}: {missed}" for missed in scope.missed]


def describe(record: Record, settings: Settings) -> str:
    """Return what a request got and what was expected, for one that failed."""
    expected = " or ".join(str(status) for status in settings.paths[record.path].statuses)
    if not record.status:
        return f"no answer: {printable(record.error) or 'unknown error'}"
    to = f" (redirect to {printable(record.location)})" if record.location else ""
    error = f", {printable(record.error)}" if record.error and record.status < 400 else ""
    return f"status {record.status}{to}{error}, expected {expected}"


def utc_timestamp(now: datetime) -> str:
    """Return `now` as the specification writes times, `2026-01-31T23:59:59Z`."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _causes(findings: Findings) -> list[str]:
    """Return what failed requests got, the commonest first."""
    settings = findings.settings
    seen = Counter(
        f"{findings.targets[r.target].host}{settings.paths[r.path].path}: {describe(r, settings)}"
        for r in findings.records
        if not r.ok
    )
    causes = [f"{cause} ({count} times)" if count > 1 else cause for cause, count in seen.most_common(_MOST_CAUSES)]
    rest = len(seen) - len(causes)
    return causes + ([f"and {rest} other kinds of failure, see logs.txt"] if rest else [])


def _measured(figures: Figures) -> dict[str, Any]:
    return {
        "success_pct": round(figures.success_pct, 6),
        "total_requests": figures.total,
        "successful_requests": figures.successful,
        "error_rate": round(1 - figures.success_pct, 6),
        **{name: figures.latency[name] for name in _PERCENTILES},
    }


def _statistics(figures: Figures) -> dict[str, Any]:
    return {
        "total_requests": figures.total,
        "successful_requests": figures.successful,
        "latency": figures.latency,
    }
