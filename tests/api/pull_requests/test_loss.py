"""etcd is lost and restored from nothing: what the forge says brings the previews of open pull requests back."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest
from lightkube import Client

from implementation_dag.base import kube
from implementation_dag.pull_requests import decide, objects
from tests.api.previews import NAMESPACE

from .hurried import FASTER
from .place import OWNER, Place
from .process import until

POLLED = {"module": "tests.api.pull_requests.hurried", "pollSeconds": 2}


def names(client: Client, kind: Any) -> set[str]:
    return {kube.as_dict(item)["metadata"]["name"] for item in client.list(kind, namespace=NAMESPACE)}


@pytest.mark.parametrize("place", [POLLED], indirect=True)
def test_open_pull_requests_get_their_previews_back_and_no_evidence_is_overwritten(
    place: Place, client: Client
) -> None:
    opened = dict(place.open(branch) for branch in ("first", "second"))
    closed, _ = place.open("closed")
    for number, commit in opened.items():
        place.until(number, "Ready", commit=commit)
    place.until(closed, "Ready")
    place.developer.set_open(OWNER, place.repo, closed, False)
    place.until(closed, "Ended")
    reviews = {number: until(partial(place.reviews, number)) for number in opened}
    # Older than what a webhook or a poll takes.
    time.sleep(decide.LATE.total_seconds() / FASTER)
    before = {place.status(number)["run"]["name"] for number in (*opened, closed)}
    place.receiver.kill()
    kinds: tuple[Any, ...] = (kube.Workflow, objects.Resource)
    for kind in kinds:
        for name in names(client, kind):
            client.delete(kind, name, namespace=NAMESPACE)
    for number, commit in opened.items():
        found = place.until(number, "Ready", commit=commit)
        assert found["run"]["name"] not in before
        # QA says of the new run what it said before: nothing is left to say.
        assert {review[1:] for review in place.reviews(number)} == {review[1:] for review in reviews[number]}
    assert place.status(closed) == {}, "nobody wants it"
