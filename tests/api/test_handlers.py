"""What the controller does at one look, with the chart's rights, against the API server's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lightkube import ApiError, Client
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.types import CascadeType

from idag.render.manifests import Object
from implementation_dag.agents import handlers as agentruns
from implementation_dag.agents.pod import AgentRun
from implementation_dag.base import kube
from implementation_dag.base.life import QUIET_SECONDS, Kind, Life
from implementation_dag.docsrun import handlers as docsruns
from implementation_dag.docsrun import settings

from .previews import NAMESPACE
from .release import World, client, environment

STARTED = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def told(objects: list[Object]) -> settings.Settings:
    """What the chart tells the controller."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(objects).items():
            patch.setenv(name, value)
        return settings.load()


@pytest.fixture
def ours(as_controller: Path) -> Client:
    return client(as_controller)


@pytest.fixture
def docsrun(ours: Client, told: settings.Settings) -> Life:
    return Life(ours, NAMESPACE, docsruns.kind(ours, told))


@pytest.fixture
def agentrun(ours: Client, told: settings.Settings) -> Life:
    return Life(ours, NAMESPACE, agentruns.kind(ours, told))


def test_a_docsrun_gets_one_job_and_its_status(docsrun: Life, world: World) -> None:
    made = world.docsrun("one")
    assert docsrun.changed("one", made)
    assert docsrun.sweep.waiting() == ["one"]
    docsrun.look("one")
    first = world.jobs_of(made)
    docsrun.look("one")
    assert world.jobs_of(made) == first
    assert len(first) == 1
    status = world.status(kube.DocsRun, "one")
    assert (status["phase"], status["jobName"]) == ("Pending", "one")


def test_a_look_that_changes_nothing_writes_nothing(docsrun: Life, world: World) -> None:
    world.docsrun("quiet")
    docsrun.look("quiet")
    before = world.found(kube.DocsRun, "quiet")
    docsrun.look("quiet")
    assert world.found(kube.DocsRun, "quiet") == before


@pytest.mark.parametrize(
    ("status", "phase", "reason"),
    [
        ({"phase": "Succeeded"}, "Succeeded", "Completed"),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, "Failed", "DeadlineExceeded"),
        ({"phase": "Failed", "reason": "Evicted", "message": "no room"}, "Failed", "Evicted"),
    ],
)
def test_a_docsrun_ends_as_its_pod_does(
    docsrun: Life, world: World, status: dict[str, str], phase: str, reason: str
) -> None:
    name = f"ends-{reason.lower()}"
    world.docsrun(name)
    docsrun.look(name)
    world.begins(name)
    docsrun.look(name)
    world.stands(Pod, f"{name}-x", **status)
    docsrun.look(name)
    found = world.status(kube.DocsRun, name)
    assert (found["phase"], found["reason"]) == (phase, reason)
    assert found["completionTime"]
    assert not docsrun.changed(name, world.found(kube.DocsRun, name))
    assert docsrun.sweep.waiting() == []


def test_a_job_that_is_gone_is_not_made_again(docsrun: Life, world: World) -> None:
    world.docsrun("lost")
    docsrun.look("lost")
    world.client.delete(Job, "lost", namespace=NAMESPACE, cascade=CascadeType.BACKGROUND)
    docsrun.look("lost")
    assert world.status(kube.DocsRun, "lost")["reason"] == "JobLost"
    assert world.found(Job, "lost") is None


def test_a_job_of_somebody_else_is_not_taken_for_ours(docsrun: Life, world: World) -> None:
    world.docsrun("earlier")
    docsrun.look("earlier")
    world.client.delete(kube.DocsRun, "earlier", namespace=NAMESPACE)
    # Nobody collects garbage here: the Job of the deleted one stays.
    made = world.docsrun("earlier")
    docsrun.look("earlier")
    assert world.status(kube.DocsRun, "earlier")["reason"] == "NameConflict"
    assert world.jobs_of(made) == []


def test_after_its_time_a_docsrun_is_deleted(docsrun: Life, world: World) -> None:
    world.docsrun("old", ttlSecondsAfterFinished=0)
    world.stands(kube.DocsRun, "old", phase="Failed", completionTime="2026-01-01T00:00:00Z")
    docsrun.changed("old", world.found(kube.DocsRun, "old"))
    assert docsrun.sweep.waiting() == ["old"]
    docsrun.look("old")
    assert world.found(kube.DocsRun, "old") is None
    docsrun.look("old")
    assert docsrun.sweep.waiting() == [], "it is forgotten"


def test_what_runs_is_looked_at_when_its_pod_changes_and_seldom_besides(docsrun: Life, world: World) -> None:
    docsrun.changed("paced", world.docsrun("paced"))
    docsrun.look("paced")
    assert docsrun.sweep.waiting() == ["paced"], "it has no pod, of which nothing would tell"
    world.begins("paced")
    world.stands(Pod, "paced-x", phase="Running")
    docsrun.look("paced")
    docsrun.changed("paced", world.found(kube.DocsRun, "paced"))
    assert docsrun.sweep.waiting() == []
    docsrun._looked["paced"] -= QUIET_SECONDS
    assert docsrun.sweep.waiting() == ["paced"]


@pytest.mark.parametrize("kind", ["docsrun", "agentrun"])
def test_a_word_on_what_has_changed_since_is_refused(
    kind: str, docsrun: Life, agentrun: Life, world: World, request: pytest.FixtureRequest
) -> None:
    """Two replicas look at once: the second one's word is on what is not there any more."""
    life: Life = request.getfixturevalue(kind)
    name = f"raced-{kind}"
    getattr(world, kind)(name)
    decide = life.kind.reconcile

    def late(found: Object) -> Object | None:
        status = decide(found)
        world.touch(life.kind.resource, name)
        return status

    fields: dict[str, Any] = vars(life.kind) | {"reconcile": late}
    with pytest.raises(ApiError, match="modified"):
        Life(life._client, NAMESPACE, Kind(**fields)).look(name)
    assert world.status(life.kind.resource, name) == {}
    life.look(name)
    assert world.status(life.kind.resource, name)["phase"] == "Pending"


def test_an_agentrun_gets_its_pod_and_follows_it(agentrun: Life, world: World) -> None:
    world.agentrun("box")
    agentrun.look("box")
    assert world.status(AgentRun, "box")["phase"] == "Pending"
    running = {"name": "agent", "image": "x", "imageID": "", "ready": True, "restartCount": 0}
    status = {"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}]}
    world.stands(Pod, "box", **status, containerStatuses=[running | {"state": {"running": {"startedAt": STARTED}}}])
    agentrun.look("box")
    assert world.status(AgentRun, "box")["phase"] == "Running"
    assert world.status(AgentRun, "box")["address"] == "10.0.0.7"
    world.stands(
        Pod,
        "box",
        **status,
        containerStatuses=[
            running | {"state": {"terminated": {"startedAt": STARTED, "finishedAt": STARTED, "exitCode": 3}}}
        ],
    )
    agentrun.look("box")
    assert (world.status(AgentRun, "box")["phase"], world.status(AgentRun, "box")["exitCode"]) == ("Ended", 3)


def test_a_box_that_is_gone_is_not_made_again(agentrun: Life, world: World) -> None:
    world.agentrun("lost-box")
    agentrun.look("lost-box")
    world.client.delete(Pod, "lost-box", namespace=NAMESPACE, grace_period=0)
    agentrun.look("lost-box")
    assert world.status(AgentRun, "lost-box")["reason"] == "PodLost"
    assert world.found(Pod, "lost-box") is None
