"""GitHub's check runs and deployment of a report, as its API takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from implementation_dag.forge.model import Report

from .outcome import Line, Outcome, of_run, of_stages
from .words import address, code, link, plain

SUMMARY_LIMIT = 65_535
# GitHub takes so many in one call; the rest follows in others.
ANNOTATIONS_A_CALL = 50
# What is beyond stands in the evidence.
MOST_ANNOTATIONS = 200
_TITLE_LIMIT, _PATH_LIMIT, _MESSAGE_LIMIT = 140, 1000, 2000
_CONCLUSIONS = {
    Outcome.PASSED: "success",
    Outcome.FAILED: "failure",
    Outcome.OMITTED: "skipped",
    Outcome.STOPPED: "cancelled",
    Outcome.REFUSED: "action_required",
}


def check_runs(report: Report, release: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return for the run and each stage the check run, and its annotations."""
    return [(_check_run(report, line, release), findings(line)) for line in (of_run(report), *of_stages(report))]


def findings(line: Line) -> list[dict[str, Any]]:
    """Return the line's annotations; those without a path or words name no place."""
    level = "failure" if line.outcome is Outcome.FAILED else "warning"
    found = [
        {
            "path": plain(one.path, _PATH_LIMIT),
            "start_line": max(one.line, 1),
            "end_line": max(one.line, 1),
            "annotation_level": level,
            "message": plain(one.message, _MESSAGE_LIMIT),
        }
        for one in line.annotations[:MOST_ANNOTATIONS]
    ]
    return [one for one in found if one["path"] and one["message"]]


def batches(found: Sequence[dict[str, Any]], told: int) -> list[list[dict[str, Any]]]:
    """Return what is not told yet of the annotations, as many a call as GitHub takes."""
    rest = list(found[told:])
    return [rest[start : start + ANNOTATIONS_A_CALL] for start in range(0, len(rest), ANNOTATIONS_A_CALL)]


def environment(release: str, number: int) -> str:
    """Return the name of the pull request's environment."""
    return f"{release}/pr-{number}"


def deployment(report: Report, release: str) -> dict[str, Any]:
    """Return the deployment of the tested commit: nothing is merged into it, and it waits for no check."""
    return {
        "ref": report.commit,
        "environment": environment(release, report.number),
        "description": f"preview of pull request {report.number}",
        "auto_merge": False,
        "required_contexts": [],
        "transient_environment": True,
        "production_environment": False,
    }


def deployment_status(report: Report) -> dict[str, Any]:
    """Return the deployment's status while its preview is up."""
    found = {"state": "success", "environment_url": address(report.preview), "log_url": address(report.evidence)}
    return {name: value for name, value in found.items() if value}


def _check_run(report: Report, line: Line, release: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": f"{release}/{plain(line.stage, _TITLE_LIMIT)}" if line.stage else release,
        "head_sha": report.commit,
        "external_id": plain(report.run, _TITLE_LIMIT),
        "status": "completed" if line.outcome.over else "in_progress" if line.outcome is Outcome.RUNNING else "queued",
        "output": {"title": plain(line.sentence, _TITLE_LIMIT), "summary": _summary(report, line)},
    }
    optional = {
        "conclusion": _CONCLUSIONS.get(line.outcome, ""),
        "details_url": address(line.address),
        "started_at": line.started,
        "completed_at": line.ended if line.outcome.over else "",
    }
    return found | {name: value for name, value in optional.items() if value}


def _summary(report: Report, line: Line) -> str:
    links = (link("evidence", line.address), link("preview", report.preview))
    shown = "\n\n".join(filter(None, (code(line.sentence, _MESSAGE_LIMIT), " · ".join(filter(None, links)))))
    more = len(line.annotations) - MOST_ANNOTATIONS
    return f"{shown}\n\n{more} more findings are in the evidence." if more > 0 else shown
