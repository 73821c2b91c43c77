"""The life of pull requests on the real pipeline, from a forge that others wrote: three of them, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from implementation_dag.base.moments import read as moment
from implementation_dag.base.wait import until
from implementation_dag.contract import names
from scripts.lab.stand.previews import PREVIEWS
from scripts.lab.stand.repository import OWNER, REPO
from scripts.lab.stand.session import Session
from tests.api.pull_requests.account import doubled
from tests.e2e.forge.place import A_WHILE, IN_RELEASE, Place, Pull, place

RUN_SECONDS = 480
LIFE_SECONDS = 900
DELIVERIES, NUMBERS = 400, range(900_000, 900_020)
Noted = list[tuple[str, object]]
Life = Callable[[Place, Noted], Pull]


def pushed(place: Place, noted: Noted) -> Pull:
    """A push in the middle of its run takes that one's place; it passes, is kept longer, closed, and opened again."""
    pull = place.open("pushed")
    place.started(pull, pull.head)
    place.has_preview(pull)
    second = place.push(pull, "second.txt")
    place.started(pull, second)
    assert until(lambda: "superseded" in place.told(pull.head)[1], A_WHILE), place.told(pull.head)
    assert place.told(pull.head)[0] == "error"
    ready = place.until(pull, lambda found: found["phase"] in ("Ready", "Failed"), RUN_SECONDS)
    assert ready["phase"] == "Ready", ready
    assert [run.get("cause", "") for run in ready["history"]] == ["superseded"]
    assert until(lambda: place.told(second)[0] == "success", A_WHILE), place.told(second)

    asked, now = place.say(pull, "/preview extend 24h"), datetime.now(UTC)
    longer = place.until(pull, lambda found: found["expires"] > ready["expires"])
    assert abs(moment(longer["expires"]) - now - timedelta(hours=24)) < timedelta(minutes=1)
    assert until(lambda: place.reactions(asked) == ["+1"], A_WHILE), place.reactions(asked)

    noted.append(("close_to_gone_s", place.close(pull)))
    ended = place.until(pull, lambda found: found["phase"] == "Ended")
    place.set_open(pull, wanted=True)
    place.started(pull, second, after=ended["run"]["number"])
    return pull


def delivered_in_a_burst(place: Place, noted: Noted) -> Pull:
    """The receiver is killed while many deliveries come, and while its label lets it run; then it is run once more."""
    pull = place.open("burst", label=False)
    place.until(pull, lambda found: found["phase"] == "Refused" and "none of the labels" in found["message"])

    def send(number: int) -> bool:
        return place.deliver(f"burst-{number}", NUMBERS[number % len(NUMBERS)])

    with ThreadPoolExecutor(8) as senders:
        answers = senders.map(send, range(DELIVERIES))
        first = [next(answers) for _ in range(DELIVERIES // 4)]
        selector = "--selector=app.kubernetes.io/component=receiver"
        place.kubectl.run("delete", "pods", selector, IN_RELEASE, "--grace-period=0", "--force", "--wait=false")
        # Of this delivery nobody may ever hear: the poll finds what it told.
        place.label(pull)
        first += list(answers)
        left = [number for number, stored in enumerate(first) if not stored]
        sent = DELIVERIES

        def again() -> bool:
            nonlocal left, sent
            sent += len(left)
            left = [number for number, stored in zip(left, senders.map(send, left), strict=True) if not stored]
            return not left

        assert left, "the receiver was killed too late"
        assert until(again, 120), f"{len(left)} deliveries are not taken"
    place.started(pull, pull.head)
    wanted = {names.pull_request(OWNER, REPO, number) for number in NUMBERS}
    found = [name for name in place.previews() if name in wanted]
    noted += [("deliveries_sent", sent), ("lost", len(wanted) - len(found))]
    assert set(found) == wanted
    place.kubectl.run("delete", PREVIEWS, *found, IN_RELEASE)

    asked = place.say(pull, "/retest")
    again_run = place.started(pull, pull.head, after=1)
    assert again_run["run"]["retest"] == f"comment-{asked}"
    assert [run.get("cause", "") for run in again_run["history"]] == ["superseded"]
    place.has_preview(pull)
    noted.append(("close_to_gone_s", place.close(pull)))
    return pull


def of_a_fork(place: Place, noted: Noted) -> Pull:
    """Of a fork it does not run before somebody has let this very commit run."""
    pull = place.open_of_fork("theirs")
    refused = place.until(pull, lambda found: found["phase"] == "Refused")
    assert f"/ok-to-test {pull.head}" in refused["message"]
    assert until(lambda: place.told(pull.head)[0] == "error", A_WHILE), place.told(pull.head)
    place.say(pull, f"/ok-to-test {'0' * 40}")
    asked = place.say(pull, "/preview extend 1h")
    # By now the wrong commit was looked at: commands are obeyed in their order.
    assert until(lambda: place.reactions(asked) == ["+1"], A_WHILE)
    assert place.workflows(pull) == []
    place.say(pull, f"/ok-to-test {pull.head}")
    place.started(pull, pull.head)
    place.has_preview(pull)
    noted.append(("close_to_gone_s", place.close(pull)))
    return pull


LIVES: tuple[Life, ...] = (pushed, delivered_in_a_burst, of_a_fork)


@pytest.fixture(scope="module")
def lives(session: Session) -> Iterator[dict[Life, Future[Noted]]]:
    """All of them, begun at once."""
    with place(session) as found, ThreadPoolExecutor(len(LIVES)) as pool:
        yield {life: pool.submit(lived, found, life) for life in LIVES}


def lived(place: Place, life: Life) -> Noted:
    """Live it; return what is noted of it."""
    noted: Noted = []
    pull = life(place, noted)
    status = place.until(pull, lambda found: found["phase"] in ("Running", "Ended"))
    twice = doubled(status)
    noted += [
        ("workflows_started", len(place.workflows(pull))),
        ("most_live_runs_of_one_pull_request", place.most_live(pull)),
        ("doubled", len(twice)),
    ]
    assert place.most_live(pull) == 1
    assert twice == []
    return noted


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_a_pull_request(lives: dict[Life, Future[Noted]], life: Life, request: pytest.FixtureRequest) -> None:
    request.node.user_properties.extend(lives[life].result(LIFE_SECONDS))
