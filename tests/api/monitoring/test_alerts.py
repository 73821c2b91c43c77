"""Situations that are made for real, and the alerts of each: the right ones reach Alertmanager in time, no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from lightkube import Client
from lightkube.types import PatchType

from idag.render.manifests import Object
from implementation_dag.base import kube, metrics, moments
from implementation_dag.contract import stages
from implementation_dag.pull_requests import objects as previews_objects
from tests.api.previews import NAMESPACE
from tests.api.pull_requests.process import Process
from tests.check.alerts import CRITICAL, WARNING

from .conftest import Alert, Watch, reaper_told

CLEANUP = ("IdagCleanupFailing", WARNING)
BURN = (("IdagRunsBurnBudget", CRITICAL), ("IdagRunsBurnBudget", WARNING))
LIMIT = {"callsPerHour": 60}


@pytest.fixture(autouse=True)
def noted(request: pytest.FixtureRequest, watch: Watch) -> Iterator[None]:
    """Note what has fired."""
    yield
    request.node.user_properties += [("alert_fired", "/".join(alert)) for alert in watch.told]


def failing(watch: Watch, task: str, count: int) -> None:
    """So many runs fail at a task."""
    watch.argo.fails, watch.argo.at = True, task
    for number in range(count):
        pull, commit = watch.place.open(f"{task}-{number}")
        watch.place.until(pull, "Failed", commit)


def test_bad_runs(watch: Watch) -> None:
    due: list[Alert] = [("IdagPipelineFailing", WARNING), ("IdagDeployFailing", WARNING)]
    failing(watch, stages.DEPLOY.task, 5)
    watch.fire(*due)
    failing(watch, stages.ACCEPTANCE.task, 3)
    watch.fire(*due, ("IdagAcceptanceOverLimits", WARNING))
    due.append(("IdagAcceptanceOverLimits", WARNING))
    failing(watch, "remove-preview", 1)
    watch.fire(*due, CLEANUP)
    failing(watch, "evidence", 1)
    watch.fire(*due, CLEANUP, ("IdagEvidenceStoreFailing", CRITICAL), *BURN)


@pytest.mark.parametrize("place", [LIMIT], indirect=True)
def test_the_forge_allows_hardly_any_more(watch: Watch) -> None:
    for number in range(5):
        watch.place.open(f"busy-{number}")
    watch.fire(("IdagForgeLimitNear", WARNING))


def test_what_hangs(watch: Watch, client: Client) -> None:
    """Argo's controller is away: a run does not end, and a preview stays after its time."""
    place, long_ago = watch.place, moments.stamp(moments.now() - timedelta(hours=3))
    overdue, commit = place.open("overdue")
    place.until(overdue, "Ready", commit)
    watch.argo.hold = True
    stuck, commit = place.open("stuck")
    place.until(stuck, "Running", commit)
    watch.argo.stop()
    place.say(overdue, "/preview stop")
    place.until(overdue, "Ending")
    ending = {"status": {"run": place.status(overdue)["run"] | {"claimed": long_ago}}}
    patch(client, previews_objects.Resource.Status, place.preview(overdue), ending)
    patch(client, kube.Workflow, place.status(stuck)["run"]["name"], {"status": {"startedAt": long_ago}})
    watch.fire(("IdagRunStuck", WARNING), ("IdagPreviewsOverdue", WARNING))


def patch(client: Client, kind: Any, name: str, change: Object) -> None:
    client.patch(kind, name, change, namespace=NAMESPACE, patch_type=PatchType.MERGE)


def test_what_leaked(watch: Watch, objects: list[Object], processes: Callable[..., Process]) -> None:
    """Of the previews that are there no run is known any more, and the next reaper has no patience."""
    watch.reaper.kill()
    processes("reaper", reaper_told(objects, 0) | {metrics.PORT: str(watch.reaper.metrics)})
    watch.fire(("IdagPreviewsLeaked", WARNING))
