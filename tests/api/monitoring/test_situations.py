"""Situations that are made for real, and the alerts of each: the right ones reach Alertmanager in time, no others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from lightkube import Client
from lightkube.types import PatchType

from idag.render.manifests import Object
from implementation_dag.base import kube, moments
from implementation_dag.contract import stages
from implementation_dag.cost import Cost
from implementation_dag.pull_requests import objects as previews_objects
from scripts.lab.kubectl import Kubectl
from tests.api.previews import NAMESPACE, RELEASE, apply, preview
from tests.api.pull_requests.place import OWNER
from tests.api.pull_requests.process import until
from tests.check.alerts import CRITICAL, WARNING

from .conftest import BUDGET, FULL, JOB, LATE_SECONDS, Alert, Watch, status, without_rights
from .queries import note_queries

CLEANUP = ("IdagCleanupFailing", WARNING)
BURN = (("IdagRunsBurnBudget", CRITICAL), ("IdagRunsBurnBudget", WARNING))
LATE = (("IdagVerdictsBurnBudget", CRITICAL), ("IdagVerdictsBurnBudget", WARNING))
LIMIT = {"callsPerHour": 60}


@pytest.fixture(autouse=True)
def noted(request: pytest.FixtureRequest, watch: Watch) -> Iterator[None]:
    """Note what has fired, and which dashboards show it."""
    yield
    note_queries(request.node, watch.prometheus, JOB, f"{OWNER}/{watch.place.repo}")
    request.node.user_properties += [("alert_fired", "/".join(alert)) for alert in watch.told]


def failing(watch: Watch, task: str, count: int) -> None:
    """So many runs fail at a task."""
    watch.argo.fails, watch.argo.at = True, task
    for number in range(count):
        pull, commit = watch.place.open(f"{task}-{number}")
        watch.place.until(pull, "Failed", commit)


# The longest comes first, so that others run beside it.
def test_processes_that_die_stall_and_lag(watch: Watch, kubectl: Kubectl, objects: list[Object]) -> None:
    """One is killed, the API server refuses two others what they ask, and runs take longer than verdicts may.

    Beside them somebody makes as many objects in a preview as its quota allows; the API server counts them.
    """
    place, down, lagging = watch.place, ("IdagControllerDown", CRITICAL), ("IdagReceiverLagging", WARNING)
    full = ("IdagQuotaExhausted", WARNING)
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"full-{number}"}} for number in range(29)]
    with without_rights(kubectl, objects, "reaper"):
        watch.argo.hold = True
        pulls = [place.open(f"late-{number}") for number in range(6)]
        for pull, commit in pulls:
            place.until(pull, "Running", commit)
        running = time.monotonic()
        apply(kubectl, "administrator", items, f"--namespace={FULL}")
        watch.fire(full)
        watch.controller.kill()
        watch.fire(full, down)

        def refused() -> bool:
            place.say(pulls[0][0], "/preview extend 1h")
            return sum(each.status == httpx2.codes.SERVICE_UNAVAILABLE for each in place.hooks.seen) > 6

        with without_rights(kubectl, objects, "receiver"):
            until(refused)
        watch.fire(full, down, lagging)
        time.sleep(max(LATE_SECONDS + 1 - (time.monotonic() - running), 0))
        watch.argo.hold = False
        for pull, commit in pulls:
            place.until(pull, "Ready", commit)
        watch.fire(full, down, lagging, *LATE, ("IdagControllerStalled", CRITICAL))
    # Nobody here counts what goes.
    status(kubectl, FULL, "resourcequota/preview", {"used": {"count/configmaps": "0"}})


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


@pytest.mark.parametrize("place", [{"priced": True}], indirect=True, ids=["priced"])
def test_what_hangs_and_costs(watch: Watch, client: Client) -> None:
    """Argo's controller is away: a run does not end, and a preview stays after its time. One has cost too much."""
    place, long_ago = watch.place, moments.stamp(moments.now() - timedelta(hours=3))
    watch.argo.cost = Cost(2 * BUDGET, 0, "EUR")
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
    watch.fire(("IdagRunStuck", WARNING), ("IdagPreviewsOverdue", WARNING), ("IdagRepositoryOverBudget", WARNING))


def patch(client: Client, kind: Any, name: str, change: Object) -> None:
    client.patch(kind, name, change, namespace=NAMESPACE, patch_type=PatchType.MERGE)


@pytest.mark.parametrize("watch", [0], indirect=True, ids=["without-grace"])
def test_what_leaked(watch: Watch, kubectl: Kubectl) -> None:
    """A preview is there of which no run is known. Here no namespace ever goes, so its removal hangs, too."""
    host = "isolation-pr-9.preview.example.com"
    apply(kubectl, "provisioner", [preview("impl-isolation-pr-9", RELEASE, host)])
    watch.fire(("IdagPreviewsLeaked", WARNING), CLEANUP)
