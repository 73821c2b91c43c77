"""The block for agents: what docs/report.schema.json describes, as JSON in the comment."""

from __future__ import annotations

import json
from typing import Any

from implementation_dag.forge.model import Report

from .outcome import Line, Outcome, of_stages
from .words import address, plain

FORMAT = "implementation-dag/report/v1"
SENTENCE_LIMIT = 140


def document(report: Report, most_findings: int) -> dict[str, Any]:
    """Return the report for agents, with at most `most_findings` findings in all."""
    failing = [line for line in of_stages(report) if line.outcome is Outcome.FAILED]
    return {
        "format": FORMAT,
        "verdict": report.verdict.value,
        "commit": report.commit,
        "run": plain(report.run, SENTENCE_LIMIT),
        "reason": plain(report.reason, SENTENCE_LIMIT),
        "preview": address(report.preview),
        "expires": plain(report.expires, SENTENCE_LIMIT),
        "evidence": address(report.evidence),
        "failing": [_failing(line, most_findings // len(failing)) for line in failing],
        "reproduce": f"git fetch origin pull/{report.number}/head && git checkout --detach {report.commit}",
    }


def block(report: Report, most_findings: int) -> str:
    """Return it as JSON that no word can close, nor begin a tag or comment in."""
    text = json.dumps(document(report, most_findings), indent=1, ensure_ascii=False)
    return text.replace("`", "\\u0060").replace("<", "\\u003c")


def _failing(line: Line, most_findings: int) -> dict[str, Any]:
    return {
        "stage": plain(line.stage, SENTENCE_LIMIT),
        "sentence": plain(line.sentence, SENTENCE_LIMIT),
        "evidence": address(line.address),
        "findings": [
            {
                "path": plain(one.path, SENTENCE_LIMIT),
                "line": max(one.line, 1),
                "message": plain(one.message, SENTENCE_LIMIT),
            }
            for one in line.annotations[:most_findings]
        ],
    }
