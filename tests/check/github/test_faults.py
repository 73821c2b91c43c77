"""Each call of each scenario fails once in each way: told again, GitHub shows the same as if nothing had failed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from implementation_dag.forge.errors import ForgeError

from .fake import Fault, GitHub
from .scenarios import SCENARIOS, Clients, Step, prepared

Fresh = Callable[[], GitHub]
_TRIES = 3


def refusing(status: int, message: str = "", **headers: str) -> Fault:
    return lambda request, answer: httpx2.Response(status, headers=headers, json={"message": message})


def late(request: httpx2.Request, answer: Callable[[], httpx2.Response]) -> httpx2.Response:
    """It was done, and nobody hears of it."""
    answer()
    raise httpx2.ReadTimeout("late", request=request)


def unreached(request: httpx2.Request, answer: Callable[[], httpx2.Response]) -> httpx2.Response:
    raise httpx2.ConnectTimeout("never", request=request)


def half(request: httpx2.Request, answer: Callable[[], httpx2.Response]) -> httpx2.Response:
    whole = answer()
    return httpx2.Response(whole.status_code, content=whole.content[: len(whole.content) // 2])


def empty(request: httpx2.Request, answer: Callable[[], httpx2.Response]) -> httpx2.Response:
    return httpx2.Response(answer().status_code, json={})


def done_and_broken(request: httpx2.Request, answer: Callable[[], httpx2.Response]) -> httpx2.Response:
    answer()
    return httpx2.Response(502, text="<html>")


FAULTS: dict[str, Fault] = {
    "401": refusing(401, "Bad credentials"),
    "403": refusing(403, "Resource not accessible by integration"),
    "403 secondary limit": refusing(403, "You have exceeded a secondary rate limit", **{"retry-after": "60"}),
    "403 used up": refusing(403, "API rate limit exceeded", **{"x-ratelimit-remaining": "0"}),
    "404": refusing(404, "Not Found"),
    "409": refusing(409, "Conflict"),
    "422": refusing(422, "Validation Failed"),
    "429": refusing(429, **{"retry-after": "30"}),
    "500": refusing(500),
    "502 when done": done_and_broken,
    "time-out before": unreached,
    "time-out when done": late,
    "half an answer": half,
    "an empty answer": empty,
}


def shown(github: GitHub) -> dict[str, Any]:
    """Return what people see, whatever the numbers and the way to it."""
    state = github.state
    return {
        "comments": [(one["user"]["login"], one["body"]) for one in state.comments],
        "reactions": state.reactions,
        "reviews": [(one["user"]["login"], one["state"], one["commit_id"], one["body"]) for one in state.reviews],
        "checks": [
            {name: one[name] for name in ("name", "head_sha", "external_id", "status", "conclusion", "details_url")}
            | {"title": one["output"]["title"], "summary": one["output"]["summary"], "findings": one["annotations"]}
            for one in state.check_runs
        ],
        "deployments": [
            (one["environment"], one["sha"], one["statuses"][-1]["state"], one["statuses"][-1]["environment_url"])
            for one in state.deployments
        ],
    }


@pytest.fixture
def signed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature takes long, and each of the thousands of runs is a process of its own."""
    sign, made = jwt.encode, dict[str, str]()

    def once(claims: dict[str, Any], key: str, algorithm: str) -> str:
        return made.get(claims["iss"]) or made.setdefault(claims["iss"], sign(claims, key, algorithm))

    monkeypatch.setattr(jwt, "encode", once)


@pytest.mark.usefixtures("signed_once")
@pytest.mark.parametrize("name", SCENARIOS)
def test_told_again_after_any_fault_it_is_as_without(fresh: Fresh, credentials: Path, name: str) -> None:
    github = prepared(fresh())
    # Each step begins where those before have ended.
    for step in SCENARIOS[name]:
        before, start = copy.deepcopy(github.state), len(github.calls)
        step(Clients(github, credentials))
        calls = github.calls[start:]
        for number in range(len(calls)):
            for words, fault in FAULTS.items():
                other = fresh()
                other.state = copy.deepcopy(before)
                other.faults, other.checks = {number: fault}, False
                raised = until_told(step, Clients(other, credentials))
                assert not other.faults
                assert shown(other) == shown(github), (words, calls[number], raised)
                # A comment that is not found where it was is looked for, and a token that is not known is asked for
                # anew; everything else that failed is said.
                assert raised or words in ("401", "404", "an empty answer"), (words, calls[number])


def until_told(step: Step, clients: Clients) -> list[str]:
    """Do the step until it raises nothing, as the controller does; return what it raised."""
    raised: list[str] = []
    for _ in range(_TRIES):
        try:
            step(clients)
            return raised
        except ForgeError as error:
            raised.append(str(error))
            # The controller waits as long as it was told to.
            clients.now += 7200
    raise AssertionError(raised)
