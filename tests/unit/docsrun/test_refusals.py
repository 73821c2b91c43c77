"""A refusal of pods is told when it lasts: not while quota comes back, not after the pods came."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from implementation_dag.docsrun.helm.refusals import refusal
from implementation_dag.docsrun.helm.revision import Own

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
QUOTA = 'pods "app-2" is forbidden: exceeded quota: preview'
POLICY = 'pods "app-2" is forbidden: violates PodSecurity "restricted:latest"'


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def event(words: str, first: float = 5, last: float = 5, **times: Any) -> dict[str, Any]:
    subject = {"kind": "StatefulSet", "name": "app", "uid": "app"}
    told = times or {"firstTimestamp": ago(first), "lastTimestamp": ago(last)}
    return {"reason": "FailedCreate", "message": words, "involvedObject": subject} | told


def pod(age: float, owner: str = "app") -> dict[str, Any]:
    return {"metadata": {"creationTimestamp": ago(age), "ownerReferences": [{"kind": "StatefulSet", "uid": owner}]}}


@pytest.mark.parametrize(
    ("words", "first", "replaces", "told"),
    [
        (QUOTA, 5, False, True),
        (QUOTA, 5, True, False),
        (QUOTA, 61, True, True),
        (POLICY, 5, True, True),
        ("etcdserver: request timed out", 61, False, False),
    ],
)
def test_quota_that_pods_of_before_give_back_is_waited_for(
    words: str, first: float, replaces: bool, told: bool
) -> None:
    found = refusal(Own([], [event(words, first)], replaces), 60, NOW)
    assert found == (f"StatefulSet app: {words}" if told else None)


@pytest.mark.parametrize(("age", "owner", "told"), [(4, "app", False), (6, "app", True), (4, "other", True)])
def test_a_refusal_is_past_when_its_owner_got_a_pod_after_it(age: float, owner: str, told: bool) -> None:
    for refused in (event(QUOTA), event(QUOTA, eventTime=ago(5))):
        assert bool(refusal(Own([pod(age, owner)], [refused]), 60, NOW)) == told


@pytest.mark.parametrize("subject", [None, {}, {"name": "app"}])
def test_a_refusal_of_nobody_is_told_in_its_own_words(subject: dict[str, Any] | None) -> None:
    assert refusal(Own([pod(1)], [event(POLICY) | {"involvedObject": subject}]), 60, NOW) == POLICY
