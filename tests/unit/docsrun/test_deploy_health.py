"""The deploy stage says whether nobody was there or the application answered badly."""

from __future__ import annotations

import pytest

from implementation_dag.base.asking import UNREACHED, Failure
from implementation_dag.docsrun.helm.deploy import DeployError, wait_until_healthy
from implementation_dag.preview import reachability
from implementation_dag.preview.reachability import Outcome

GOOD = Outcome("https://good", 1, 0.1, 200, None, "")


def health(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> None:
    """What the stage makes of these outcomes of its waiting."""
    monkeypatch.setenv("HEALTH_TIMEOUT_SECONDS", "1")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr(reachability, "wait_until_reachable", lambda *_, **__: list(outcomes))
    wait_until_healthy([outcome.url for outcome in outcomes], "/")


def bad(failure: Failure, url: str = "https://bad") -> Outcome:
    return Outcome(url, 3, None, None, failure, "why")


def test_good_answers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    health(monkeypatch, GOOD)


@pytest.mark.parametrize("failure", Failure)
def test_a_host_that_is_not_there_is_told_from_one_that_answers_badly(
    failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeployError, match=f"https://bad: {failure}: why") as error:
        health(monkeypatch, GOOD, bad(failure))
    assert error.value.reason == ("NotReachable" if failure in UNREACHED else "AnsweredBadly")


def test_one_bad_answer_is_enough_to_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeployError) as error:
        health(monkeypatch, bad(Failure.TCP, "https://gone"), bad(Failure.HTTP))
    assert error.value.reason == "AnsweredBadly"
