"""A DocsRun ends with a reason in words, whatever keeps it from running."""

from datetime import UTC, datetime
from typing import Any

import pytest

from implementation_dag.docsrun.settings import Settings
from implementation_dag.docsrun.verdict import judge

NOW = datetime(2026, 1, 1, 12, 1, 0, tzinfo=UTC)
SETTINGS = Settings(unschedulable_grace=60, image_pull_grace=30)
JOB: dict[str, Any] = {"metadata": {"name": "d"}, "status": {}}


def pod(phase: str, created: str = "2026-01-01T12:00:00Z", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "d-x", "creationTimestamp": created},
        "spec": {"activeDeadlineSeconds": 900},
        "status": {"phase": phase, **status},
    }


def ended(name: str, code: int, reason: str = "Error") -> dict[str, Any]:
    return {"name": name, "image": "i:1", "state": {"terminated": {"exitCode": code, "reason": reason}}}


def stuck(name: str, reason: str, message: str = "no") -> dict[str, Any]:
    return {"name": name, "image": "i:1", "state": {"waiting": {"reason": reason, "message": message}}}


UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}


@pytest.mark.parametrize(
    ("found", "phase", "reason", "words"),
    [
        (pod("Succeeded"), "Succeeded", "Completed", "exit code 0"),
        (pod("Running"), "Running", "Running", ""),
        (pod("Pending"), "Pending", "Starting", ""),
        (pod("Failed", containerStatuses=[ended("run", 3)]), "Failed", "CommandFailed", "exit code 3"),
        (pod("Failed", containerStatuses=[ended("run", 137, "OOMKilled")]), "Failed", "OutOfMemory", "run"),
        (pod("Failed", initContainerStatuses=[ended("fetch", 1)]), "Failed", "FetchFailed", "exit code 1"),
        (pod("Failed", reason="DeadlineExceeded"), "Failed", "DeadlineExceeded", "900 s"),
        (pod("Failed", reason="Evicted", message="low on disk"), "Failed", "Evicted", "low on disk"),
        (pod("Pending", containerStatuses=[stuck("run", "ErrImagePull")]), "Failed", "ImagePullFailed", "i:1"),
        (pod("Pending", conditions=[UNSCHEDULABLE]), "Failed", "Unschedulable", "0/1 nodes"),
        (
            pod("Pending", "2026-01-01T12:00:31Z", containerStatuses=[stuck("run", "ErrImagePull")]),
            "Pending",
            "Starting",
            "",
        ),
        (pod("Pending", "2026-01-01T12:00:01Z", conditions=[UNSCHEDULABLE]), "Pending", "Starting", ""),
    ],
)
def test_pod(found: dict[str, Any], phase: str, reason: str, words: str) -> None:
    verdict = judge(JOB, [found], [], SETTINGS, NOW)
    assert (verdict.phase, verdict.reason) == (phase, reason)
    assert words in verdict.message


def test_a_quota_that_refuses_the_pod_is_named() -> None:
    event = {"reason": "FailedCreate", "message": 'pods "d-x" is forbidden: exceeded quota: preview'}
    verdict = judge(JOB, [], [event], SETTINGS, NOW)
    assert (verdict.phase, verdict.reason) == ("Failed", "QuotaExceeded")
    assert "exceeded quota: preview" in verdict.message


def test_an_admission_refusal_is_named() -> None:
    event = {"reason": "FailedCreate", "message": 'pods "d-x" is forbidden: violates PodSecurity'}
    assert judge(JOB, [], [event], SETTINGS, NOW).reason == "PodRefused"


def test_a_preview_that_cleanup_removed_is_told_with_what_to_do() -> None:
    """`argo retry` after a failed run: the node that makes the preview had succeeded and does not run again."""
    account = "dag-deployer.impl-pr-7"
    words = f'pods "d-" is forbidden: error looking up service account: serviceaccount "{account}" not found'
    job = JOB | {"spec": {"template": {"spec": {"serviceAccountName": account}}}}
    verdict = judge(job, [], [{"reason": "FailedCreate", "message": words}], SETTINGS, NOW)
    assert (verdict.phase, verdict.reason) == ("Failed", "AccountMissing")
    assert account in verdict.message and "templateName=provision" in verdict.message
    other = judge(job, [], [{"reason": "FailedCreate", "message": words.replace(account, "x")}], SETTINGS, NOW)
    assert other.reason == "PodRefused"


def test_a_lost_pod_is_told() -> None:
    job = {"status": {"conditions": [{"type": "Failed", "status": "True", "message": "backoff"}]}}
    assert judge(job, [], [], SETTINGS, NOW).reason == "PodLost"


def test_without_a_pod_it_waits() -> None:
    assert not judge(JOB, [], [], SETTINGS, NOW).final
