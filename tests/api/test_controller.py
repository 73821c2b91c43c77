"""The controller as a process, with the chart's settings and rights: killed at any moment, it goes on where it was."""

from __future__ import annotations

import random
import time
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from idag.render.manifests import Object
from implementation_dag.agents.pod import AgentRun
from implementation_dag.base import kube, wait
from implementation_dag.controller import HEALTH

from .previews import RELEASE
from .release import SECONDS, Controller, World, controller, environment


class Starts:
    """Starts a controller, each time in the same log."""

    def __init__(self, kubeconfig: Path, told: dict[str, str], log: Path) -> None:
        self.log = log
        self._start = partial(controller, kubeconfig, told, log)

    def __call__(self) -> AbstractContextManager[Controller]:
        return self._start()


@pytest.fixture
def starts(as_controller: Path, objects: list[Object], tmp_path: Path) -> Starts:
    return Starts(as_controller, environment(objects), tmp_path / "controller.log")


def test_the_chart_asks_for_its_health_where_it_answers(objects: list[Object]) -> None:
    (container,) = [
        item["spec"]["template"]["spec"]["containers"][0]
        for item in objects
        if item["kind"] == "Deployment" and item["metadata"]["name"] == f"{RELEASE}-controller"
    ]
    (port,) = [each for each in container["ports"] if each["name"] != "metrics"]
    for probe in ("livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == port["name"]
        assert f"http://0.0.0.0:{port['containerPort']}{asked['path']}" == HEALTH


def test_it_sees_what_comes_and_says_how_it_is(starts: Starts, world: World) -> None:
    with starts() as running:
        answer = wait.until(running.health, SECONDS, 0.2)
        assert answer, starts.log.read_text()
        assert answer.status_code == 200
        assert answer.json().keys() == {"DocsRun", "AgentRun"}
        docsrun = world.docsrun("seen")
        world.agentrun("seen-box")
        assert world.becomes(kube.DocsRun, "seen", "Pending")["jobName"] == "seen"
        world.becomes(AgentRun, "seen-box", "Pending")
        assert len(world.jobs_of(docsrun)) == 1
        assert world.found(Pod, "seen-box")
        world.begins("seen")
        world.stands(Pod, "seen-x", phase="Succeeded")
        assert world.becomes(kube.DocsRun, "seen", "Succeeded")["reason"] == "Completed"
        health = running.health()
        assert health
        assert {kind: told["faults"] for kind, told in health.json().items()} == {"DocsRun": 0, "AgentRun": 0}
        # What the chart's rights do not allow, kopf tells here and tries again.
        assert "forbidden" not in starts.log.read_text().lower()


def test_killed_in_the_middle_it_goes_on(starts: Starts, world: World) -> None:
    docsrun = world.docsrun("killed")
    with starts() as running:
        # At the first sight of the Job: whether the DocsRun knows of it by then is chance.
        assert wait.until(lambda: world.found(Job, "killed"), SECONDS, 0.02), starts.log.read_text()
        running.process.kill()
    jobs = world.jobs_of(docsrun)
    world.begins("killed")
    world.stands(Pod, "killed-x", phase="Failed", reason="Evicted", message="no room")
    with starts():
        assert world.becomes(kube.DocsRun, "killed", "Failed")["reason"] == "Evicted"
    assert len(jobs) == 1
    assert world.jobs_of(docsrun) == jobs


def test_two_replicas_and_kills_at_any_moment_make_one_job_of_each(starts: Starts, world: World) -> None:
    chance = random.Random(13)  # noqa: S311
    names = [f"storm-{number}" for number in range(6)]
    made = [world.docsrun(name) for name in names]
    for _ in range(2):
        with starts(), starts():
            time.sleep(chance.uniform(0.8, 2))
    with starts(), starts():
        for name in names:
            world.becomes(kube.DocsRun, name, "Pending")
            world.begins(name)
            world.stands(Pod, f"{name}-x", phase="Succeeded")
        for name in names:
            world.becomes(kube.DocsRun, name, "Succeeded")
    assert [len(world.jobs_of(each)) for each in made] == [1] * len(made)
