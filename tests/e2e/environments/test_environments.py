"""A real Argo CD keeps the environments in step with a repository: the tests build on each other, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from idag.yaml_file import Values
from implementation_dag.base import wait
from scripts.lab.argocd import applications
from scripts.lab.argocd.platform import Platform, application, image_values, release

Record = Callable[[str, str, object], None]
UP_SECONDS = 600.0
CHANGE_SECONDS = 480.0
WATCH_SECONDS = 120.0
WAVES = ("serviceaccounts,roles,rolebindings", "configmaps", "workflowtemplates.argoproj.io", "deployments")
TTL = ("preview", "ttlHours")
REFERENCE = ("agents", "reference", "enabled")
REFERENCE_IMAGE = ("agents", "reference", "image")


def settings(platform: Platform, name: str) -> str:
    """What the provisioner of an environment is told."""
    instance, namespace = release(name)
    found = platform.kubectl.get("deployment", f"{instance}-provisioner", f"--namespace={namespace}")
    assert found
    (container,) = found["spec"]["template"]["spec"]["containers"]
    (text,) = [str(item["value"]) for item in container["env"] if item["name"] == "SETTINGS"]
    return text


def coderun_template(platform: Platform, name: str) -> dict[str, Any] | None:
    """The reference coderun-template, which only some of the commits below ask for."""
    _, namespace = release(name)
    return platform.kubectl.get("workflowtemplates.argoproj.io", "coderun-template", f"--namespace={namespace}")


def change(platform: Platform, message: str, values: Values) -> str:
    """Commit values of every environment, and let Argo CD look."""
    for name in platform.names:
        platform.copy.set_environment(name, values)
    commit = platform.copy.commit(message)
    applications.refresh(platform.kubectl, platform.applications)
    return commit


def reach(platform: Platform, commit: str, seconds: float = CHANGE_SECONDS) -> dict[str, applications.State]:
    return applications.wait(platform.kubectl, platform.applications, applications.in_step(commit), seconds)


def test_every_environment_becomes_synced_and_healthy(platform: Platform, record: Record) -> None:
    # The ApplicationSet makes the Applications a moment after it was applied.
    def made() -> bool:
        kind, place = "application.argoproj.io", "-n=argocd"
        return all(platform.kubectl.get(kind, name, place) for name in platform.applications)

    assert wait.until(made, 60), "the ApplicationSet made no Applications within 60 s"
    states = reach(platform, platform.baseline, UP_SECONDS)
    for name in platform.names:
        state = states[application(name)]
        record(name, "sync", state.sync)
        record(name, "health", state.health)
        assert state.conditions == ()


def test_the_crd_has_an_application_of_its_own(platform: Platform) -> None:
    applications.wait(platform.kubectl, ["implementation-dag-crds"], lambda state: state.good, CHANGE_SECONDS)


def test_objects_came_in_the_order_of_their_waves(platform: Platform) -> None:
    for name in platform.names:
        instance, namespace = release(name)
        born: list[list[str]] = []
        for kinds in (
            "serviceaccounts,roles,rolebindings",
            "configmaps",
            "workflowtemplates.argoproj.io",
            "deployments",
        ):
            found = platform.kubectl.items(
                kinds, f"--namespace={namespace}", f"--selector=app.kubernetes.io/instance={instance}"
            )
            assert found
            born.append([item["metadata"]["creationTimestamp"] for item in found])
        for earlier, later in pairwise(born):
            assert max(earlier) < min(later), f"{name}: {born}"


@dataclass
class Watch:
    """What one Application did while nobody changed anything."""

    first: applications.State
    drifted: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)

    def look(self, state: applications.State) -> None:
        if not state.good:
            self.drifted |= set(state.differing) or {str(state)}
        self.compared.add(state.compared)
        self.operations.add(state.operation)


def test_nothing_drifts_for_two_minutes(platform: Platform, record: Record) -> None:
    watches = {name: Watch(applications.read(platform.kubectl, name)) for name in platform.applications}
    for _ in wait.rounds(WATCH_SECONDS, 2):
        for name, watch in watches.items():
            watch.look(applications.read(platform.kubectl, name))
    for name in platform.names:
        watch = watches[application(name)]
        record(name, "drift_after_120s", len(watch.drifted))
        assert watch.drifted == set()
        # It did look, more than once, and had nothing to do.
        assert len(watch.compared) > 1
        assert watch.operations == {watch.first.operation}


def test_a_deleted_role_comes_back(platform: Platform, record: Record) -> None:
    deleted = {}
    for name in platform.names:
        instance, namespace = release(name)
        role = ("role", f"{instance}-executor", f"--namespace={namespace}")
        found = platform.kubectl.get(*role)
        assert found
        deleted[name] = (role, found["metadata"]["uid"], found["rules"])
        platform.kubectl.run("delete", *role)
    for name, (role, uid, rules) in deleted.items():
        back = wait.until(partial(platform.kubectl.get, *role), CHANGE_SECONDS)
        healed = back is not None and back["metadata"]["uid"] != uid and back["rules"] == rules
        record(name, "healed", healed)
        assert healed
    reach(platform, platform.baseline)


@pytest.fixture(scope="module")
def commits() -> list[str]:
    """Commits after the baseline, oldest first."""
    return []


def test_a_commit_upgrades(platform: Platform, commits: list[str]) -> None:
    values: Values = {TTL: 5, REFERENCE: True, REFERENCE_IMAGE: platform.image.partition("@")[0]}
    commits.append(change(platform, "Keep previews for five hours, with the reference agents", values))
    reach(platform, commits[-1])
    for name in platform.names:
        assert "ttlHours: 5\n" in settings(platform, name)
        assert coderun_template(platform, name)


def test_a_removed_object_is_pruned(platform: Platform, record: Record, commits: list[str]) -> None:
    commits.append(change(platform, "Without the reference agents", {REFERENCE: False}))
    reach(platform, commits[-1])
    for name in platform.names:
        pruned = coderun_template(platform, name) is None
        record(name, "pruned", pruned)
        assert pruned
        assert "ttlHours: 5\n" in settings(platform, name)


def test_a_broken_commit_is_rolled_back(platform: Platform, record: Record, commits: list[str]) -> None:
    """The image of the commit does not exist: it is seen as not healthy, and taking commits back repairs it."""
    repository, _, digest = platform.image.partition("@")
    missing = f"{repository}@{digest[:-8]}{'0' * 8}"
    commits.append(change(platform, "An image that nobody pushed", dict(image_values(missing))))
    applications.wait(
        platform.kubectl,
        platform.applications,
        lambda state: commits[-1] in state.revision and state.health in ("Progressing", "Degraded"),
        CHANGE_SECONDS,
    )
    last = platform.copy.revert(commits[::-1])
    applications.refresh(platform.kubectl, platform.applications)
    reach(platform, last)
    for name in platform.names:
        instance, namespace = release(name)
        pod = platform.kubectl.get("deployment", f"{instance}-controller", f"--namespace={namespace}")
        assert pod
        rolled_back = (
            digest in pod["spec"]["template"]["spec"]["containers"][0]["image"]
            and pod["status"].get("readyReplicas", 0) >= 1
            and "ttlHours: 5\n" not in settings(platform, name)
        )
        record(name, "rolled_back", rolled_back)
        assert rolled_back
