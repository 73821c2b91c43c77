"""A forge that is down for ten minutes: the cluster goes on, nothing is taken away, and all is told later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from lightkube import Client

from implementation_dag.base import kube
from tests.answering import Request
from tests.api.previews import NAMESPACE

from .argo import Argo
from .hurried import FASTER
from .place import OWNER, Place
from .process import until
from .test_reports import told
from .test_webhooks import deliver
from .wire import half, refusing

OUTAGE_SECONDS = 600 / FASTER
# Two questions and a report, each of which is tried again after 2, 4, 8 … 120 seconds.
MOST_ASKED = 3 * 12
HURRIED = {"module": "tests.api.pull_requests.hurried"}


def by(fault: Callable[[Request], None]) -> Callable[[Place], AbstractContextManager[None]]:
    """An outage that is an answer on the way."""

    @contextmanager
    def outage(place: Place) -> Iterator[None]:
        place.wire.fault = fault
        yield
        place.wire.fault = None

    return outage


OUTAGES = {
    "silence": lambda place: place.forge.silent(),
    # A token that was taken back.
    "401": by(refusing(401)),
    "half": by(half),
}


@pytest.mark.parametrize("place", [HURRIED], indirect=True)
@pytest.mark.parametrize("outage", OUTAGES)
def test_after_ten_minutes_without_the_forge_all_is_as_it_should_be(
    place: Place, argo: Argo, client: Client, outage: str
) -> None:
    ready, first = place.open("ready")
    told(place, ready, "passed", first)
    argo.hold = True
    running, second = place.open("running")
    told(place, running, "running", second)
    # That it is closed no webhook tells.
    heard, place.hooks.fault = place.hooks.asked, refusing(503)
    place.developer.set_open(OWNER, place.repo, running, wanted=False)
    until(lambda: place.hooks.asked > heard)
    asked = place.wire.asked
    with OUTAGES[outage](place):
        begun = time.monotonic()
        for number in (ready, running):
            assert deliver(place, "pull_request", {"action": "edited", "number": number}, f"news-{number}")
        argo.hold = False
        place.until(running, "Ready", second)
        time.sleep(max(0.0, begun + OUTAGE_SECONDS - time.monotonic()))
        asked = place.wire.asked - asked
        names = [kube.as_dict(item)["metadata"]["name"] for item in client.list(kube.Workflow, namespace=NAMESPACE)]
    assert 0 < asked <= MOST_ASKED
    ours = {place.preview(number) for number in (ready, running)}
    assert {name for name in names if name.rpartition("-")[0] in ours} == {f"{name}-1" for name in ours}
    told(place, running, "passed", second)
    place.until(running, "Ended")
    assert place.until(ready, "Ready")["run"]["number"] == 1
