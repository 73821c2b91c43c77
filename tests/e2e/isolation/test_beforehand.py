"""A release without rights in the cluster: an administrator makes each preview beforehand, as docs/operator.md says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from implementation_dag.steps import render_preview
from scripts.demo.scenarios import all_scenarios
from scripts.lab.stand import previews, repository
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session
from tests.e2e.release import Release, api_server, arguments, nodes

pytestmark = pytest.mark.long

NAME = "beforehand"
CLUSTER_WIDE = "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"


class Pulls(NamedTuple):
    """A good pull request, one whose preview nobody makes, and one whose deploy fails, so that its run cleans up."""

    good: PullRequest
    missing: PullRequest
    failing: PullRequest


@pytest.fixture(scope="module")
def pulls(session: Session) -> Pulls:
    bad = all_scenarios(session.environment.registry)["bad-image"].cases[0].pull
    assert bad
    wanted = PullRequest("beforehand", "discount"), PullRequest("not-beforehand", "discount"), bad
    return Pulls(*(repository.open_pull_request(session.host, pull, session.work) for pull in wanted))


@pytest.fixture(scope="module")
def release(session: Session, pulls: Pulls) -> Iterator[Release]:
    prefix = {"prefix": f"impl-{NAME}"}
    kubectl = session.environment.kubectl
    # Without rights in the cluster helm does not ask where the API server is: it is named.
    network = {"apiServer": api_server(kubectl)}
    own = {"rbac": {"clusterScoped": False}, "namespace": prefix, "network": network}
    found = Release(kubectl, NAME, own, flags=["--skip-crds"])
    try:
        found.copy_inputs()
        found.install()
        told = render_preview.told(found.template())
        for pull in (pulls.good, pulls.failing):
            found.kubectl.apply(render_preview.render(told, f"{OWNER}/{REPO}#{pull.number}"))
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="module")
def runs(release: Release, pulls: Pulls) -> dict[int, dict[str, str]]:
    """All three pull requests at once: the nodes of each run, by its number."""
    names = {pull.number: release.submit(arguments(pull)) for pull in pulls}
    return {number: nodes(release.ended(name)) for number, name in names.items()}


def test_the_release_has_nothing_in_the_cluster(release: Release) -> None:
    assert release.kubectl.items(CLUSTER_WIDE, f"--selector=app.kubernetes.io/instance={NAME}") == []


def test_a_run_deploys_into_the_preview_and_it_answers(
    session: Session, pulls: Pulls, runs: dict[int, dict[str, str]]
) -> None:
    stages = {name: state for name, state in runs[pulls.good.number].items() if not state.startswith("Skipped")}
    assert {state.split()[0] for state in stages.values()} == {"Succeeded"}, stages
    host = f"{REPO}-pr-{pulls.good.number}.{session.environment.domain}"
    seen = previews.observe(session.environment, f"https://{host}")
    assert seen.status == 200, seen


def test_a_preview_that_nobody_made_is_named(release: Release, pulls: Pulls, runs: dict[int, dict[str, str]]) -> None:
    name = f"impl-{NAME}-pr-{pulls.missing.number}"
    told = f"namespace {name!r} is not there or grants this release nothing, and with value rbac.clusterScoped false"
    assert told in runs[pulls.missing.number]["provision"]
    assert release.kubectl.get("namespace", name) is None


def test_cleanup_empties_the_preview_and_leaves_it_to_the_administrator(
    release: Release, pulls: Pulls, runs: dict[int, dict[str, str]]
) -> None:
    number = pulls.failing.number
    assert runs[number]["deploy"].startswith("Failed"), runs[number]
    assert runs[number]["remove-preview"].startswith("Succeeded"), runs[number]
    name = f"impl-{NAME}-pr-{number}"
    assert release.kubectl.get("namespace", name)
    assert release.kubectl.items("deployments,services,ingresses", f"--namespace={name}") == []
    assert release.kubectl.items("resourcequotas,networkpolicies", f"--namespace={name}")
