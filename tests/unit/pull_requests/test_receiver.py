"""Deliveries as a forge sends them, and as nobody should."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from implementation_dag.base import metrics
from implementation_dag.contract import labels, names
from implementation_dag.pull_requests import deliveries, receiver
from implementation_dag.pull_requests.deliveries import Hint, Rejected, hints
from implementation_dag.pull_requests.repositories import Repositories
from tests.unit.pull_requests.world import START

SECRET = b"between us"
REPOSITORY = {"name": "shop", "owner": {"login": "acme"}}
OPENED = {"action": "opened", "number": 7, "repository": REPOSITORY, "pull_request": {"head": {"sha": "x"}}}
COMMENT = {
    "action": "created",
    "issue": {"number": 7, "pull_request": {"url": "x"}},
    "comment": {"id": 12, "body": "/retest", "user": {"login": "mallory"}},
    "repository": REPOSITORY,
}
RERUN = {"action": "rerequested", "check_run": {"pull_requests": [{"number": 7}]}, "repository": REPOSITORY}
SUITE = {"action": "rerequested", "check_suite": {"pull_requests": [{"number": 7}]}, "repository": REPOSITORY}
# GitHub names no pull request where the checked commit is of a fork.
FORK = RERUN | {"check_run": {"pull_requests": [], "external_id": names.run(names.pull_request("acme", "shop", 7), 12)}}
CHECK = ("check_run", "pull_requests", "external_id")


def again(payload: Any) -> str:
    """What a re-run of a check is called: by its body, which alone is signed."""
    return f"check-{hashlib.sha256(json.dumps(payload).encode()).hexdigest()[:32]}"


def signed(body: bytes, event: str, forge: str = "github", **changed: str) -> dict[str, str]:
    mark = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    headers = {
        f"x-{forge}-event": event,
        f"x-{forge}-delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
        "content-type": "application/json; charset=utf-8",
        "x-hub-signature-256": f"sha256={mark}",
    }
    return headers | changed


def told(payload: Any, event: str, **more: str) -> tuple[Hint, ...]:
    body = json.dumps(payload).encode()
    return hints(signed(body, event, **more), body, [SECRET])


@pytest.mark.parametrize("forge", ["github", "gitea"])
@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("pull_request", OPENED, Hint("acme", "shop", 7)),
        ("issue_comment", COMMENT, Hint("acme", "shop", 7, comment=12, author="mallory")),
        ("check_run", RERUN, Hint("acme", "shop", 7, retest=again(RERUN))),
        ("check_suite", SUITE, Hint("acme", "shop", 7, retest=again(SUITE))),
        ("check_run", FORK, Hint("acme", "shop", 7, retest=again(FORK))),
    ],
)
def test_what_makes_a_pull_request_worth_a_look(forge: str, event: str, payload: Any, expected: Hint) -> None:
    assert told(payload, event, forge=forge) == (expected,)


def test_a_check_of_a_branch_that_goes_to_another_repository_too_is_run_again_for_ours_alone() -> None:
    bases = [(3, 99), (7, 42)]
    check = {"pull_requests": [{"number": number, "base": {"repo": {"id": base}}} for number, base in bases]}
    payload = RERUN | {"check_run": check, "repository": REPOSITORY | {"id": 42}}
    assert [hint.number for hint in told(payload, "check_run")] == [7]


@pytest.mark.parametrize("action", sorted(deliveries.ACTIONS))
def test_each_action_of_a_pull_request_is_news(action: str) -> None:
    assert told(OPENED | {"action": action}, "pull_request") == (Hint("acme", "shop", 7),)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "x"}),
        ("push", OPENED),
        ("pull_request", OPENED | {"action": "assigned"}),
        ("pull_request", OPENED | {"number": "7"}),
        ("pull_request", OPENED | {"number": True}),
        ("pull_request", OPENED | {"repository": {"name": "../x", "owner": {"login": "acme"}}}),
        ("pull_request", OPENED | {"repository": None}),
        ("pull_request", []),
        ("issue_comment", COMMENT | {"action": "edited"}),
        ("issue_comment", COMMENT | {"issue": {"number": 7}}),
        ("issue_comment", COMMENT | {"comment": {"id": 12, "body": "I like it"}}),
        ("issue_comment", COMMENT | {"comment": {"id": "12", "body": "/retest"}}),
        ("check_run", RERUN | {"action": "completed"}),
        ("check_run", RERUN | {"check_run": {"pull_requests": "7"}}),
        *(
            ("check_run", RERUN | {"check_run": {"pull_requests": [], "external_id": text}})
            for text in (None, 7, "", "another tool's", "shop-pr-7", "shop-pr-0-1", "shop-pr-7-", "shop-pr-7-1\n")
        ),
    ],
)
def test_what_is_of_no_interest(event: str, payload: Any) -> None:
    assert told(payload, event) == ()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"x-hub-signature-256": ""}, 401),
        ({"x-hub-signature-256": f"sha256={'0' * 64}"}, 401),
        ({"x-hub-signature-256": "sha256=é"}, 401),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"x-github-delivery": ""}, 400),
        ({"x-github-delivery": "../../x"}, 400),
    ],
)
def test_what_is_not_from_our_forge_is_refused(changed: dict[str, str], status: int) -> None:
    body = json.dumps(OPENED).encode()
    with pytest.raises(Rejected) as refused:
        hints(signed(body, "pull_request") | changed, body, [SECRET])
    assert refused.value.status == status


def test_both_secrets_count_while_one_takes_the_other_s_place_and_an_empty_one_never() -> None:
    body = json.dumps(OPENED).encode()
    assert hints(signed(body, "pull_request"), body, [b"new", SECRET])
    empty = hmac.new(b"", body, hashlib.sha256).hexdigest()
    with pytest.raises(Rejected):
        hints(signed(body, "pull_request") | {"x-hub-signature-256": f"sha256={empty}"}, body, [b""])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["action", "number", "repository", "issue", "comment", *CHECK]), x)
        ),
    )
)
def test_no_payload_breaks_the_reader(payload: Any) -> None:
    for event in ("pull_request", "issue_comment", "check_run"):
        assert all(isinstance(hint, Hint) for hint in told(payload, event))


class Stored:
    """What the receiver stored; or an API server that takes nothing."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []
        self.down = False

    def __call__(self, hint: Hint, delivery: str) -> None:
        if self.down:
            raise receiver.Full("503")
        self.hints.append(hint)


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def forge(stored: Stored) -> TestClient:
    app = receiver.application(lambda: [SECRET], Repositories(("acme/shop",)), stored)
    return TestClient(app, raise_server_exceptions=False)


def test_yes_is_said_when_it_is_stored_and_not_before(forge: TestClient, stored: Stored) -> None:
    body = json.dumps(OPENED).encode()
    assert forge.post("/webhook", content=body, headers=signed(body, "pull_request")).status_code == 202
    assert stored.hints == [Hint("acme", "shop", 7)]
    stored.down = True
    answer = forge.post("/webhook", content=body, headers=signed(body, "pull_request"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_a_repository_of_others_is_left_alone(forge: TestClient, stored: Stored) -> None:
    body = json.dumps(OPENED | {"repository": REPOSITORY | {"name": "other"}}).encode()
    assert forge.post("/webhook", content=body, headers=signed(body, "pull_request")).status_code == 200
    assert stored.hints == []


def test_a_body_that_is_too_long_is_not_read_to_its_end(forge: TestClient) -> None:
    body = b"x" * (deliveries.BODY_LIMIT + 1)
    assert forge.post("/webhook", content=body, headers=signed(body, "pull_request")).status_code == 413


def test_only_deliveries_are_taken(forge: TestClient) -> None:
    assert forge.get("/webhook").status_code == 405
    assert forge.get("/healthz").status_code == 200
    assert forge.post("/").status_code == 404


def test_a_wish_is_a_hint_and_no_fact() -> None:
    asked = receiver.wish(Hint("acme", "shop", 7, comment=12), "d-1", START)
    assert asked["spec"] == {"commands": {"12": {}}}
    assert asked["metadata"]["annotations"] == {labels.LOOK: "2026-01-01T00:00:00.000000Z d-1"}
    assert receiver.wish(Hint("acme", "shop", 7), "d-1", START)["spec"] == {}


@given(st.lists(st.sampled_from(["ada", "Mallory", "mallory", "eve"]), max_size=60))
def test_nobody_takes_the_room_for_others_commands(authors: list[str]) -> None:
    now = [0.0]
    turns = receiver.Turns(lambda: now[0])
    taken = [turns.taken(Hint("acme", "shop", 7, comment=n, author=who)) for n, who in enumerate(authors, 1)]
    assert [hint.number for hint in taken] == [7] * len(authors), "each is news"
    for who in {who.lower() for who in authors}:
        his = [hint.comment for hint in taken if hint.author.lower() == who]
        wanted = [n for n, author in enumerate(authors, 1) if author.lower() == who]
        assert his == [n if turn < receiver.MOST_COMMANDS else 0 for turn, n in enumerate(wanted)]
    now[0] = receiver.MINUTE
    again = Hint("acme", "shop", 7, comment=99, author="mallory")
    assert turns.taken(again) == again
    retest = Hint("acme", "shop", 7, retest="check-1")
    assert turns.taken(retest) == retest


def test_repositories_ignore_case_and_may_be_all_of_an_owner() -> None:
    ours = Repositories.read('["Acme/Shop", "org/*"]')
    assert ours.has("ACME", "shop") and ours.has("org", "any") and not ours.has("acme", "shop2")
    assert ours.named == (("acme", "shop"),)


def test_each_delivery_is_counted_by_its_answer(forge: TestClient, stored: Stored) -> None:
    def counted(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(f"implementation_dag_webhook_{name}", labels) or 0.0

    body = json.dumps(OPENED).encode()
    before = {code: counted("deliveries_total", code=code) for code in ("202", "401", "503")}
    timed = counted("duration_seconds_count")
    forge.post("/webhook", content=body, headers=signed(body, "pull_request"))
    forge.post("/webhook", content=b"{}", headers=signed(body, "pull_request"))
    stored.down = True
    forge.post("/webhook", content=body, headers=signed(body, "pull_request"))
    more = {code: counted("deliveries_total", code=code) - was for code, was in before.items()}
    assert more == dict.fromkeys(before, 1)
    assert counted("duration_seconds_count") == timed + 3
