"""Two releases in one cluster, as the dev and staging overlays say, do not fight. The tests build on each other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idag.promote.promotion import promote
from idag.toolchain import tool
from idag.yaml_file import set_values
from implementation_dag.base import wait
from scripts.chart.render.project import ROOT
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import previews, repository
from scripts.lab.stand.backends import BUCKET, S3_PORT
from scripts.lab.stand.environment import DEMO_NAMESPACE
from scripts.lab.stand.evidence import prefix
from scripts.lab.stand.objects import read_secret
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session
from tests.e2e.release import RUN_SECONDS, Release, arguments, nodes

from .releases import make, namespace, preview

Releases = dict[str, Release]
Runs = dict[str, dict[str, Any]]
KINDS = "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"
CRD = "docsruns.taskmaster.io"


@pytest.fixture(scope="module")
def releases(session: Session) -> Iterator[Releases]:
    found = make(session.environment.kubectl, session.environment.domain)
    try:
        for release in found.values():
            release.copy_inputs()
            release.install()
        yield found
    finally:
        for release in found.values():
            release.remove()


@pytest.fixture(scope="module")
def dev(releases: Releases) -> Release:
    return releases["dev"]


@pytest.fixture(scope="module")
def staging(releases: Releases) -> Release:
    return releases["staging"]


@pytest.fixture(scope="module")
def kubectl(session: Session) -> Kubectl:
    return session.environment.kubectl


@pytest.fixture(scope="module")
def pull(session: Session) -> PullRequest:
    """The pull request that both run. Its agents find nothing to change: of two that push, one is refused."""
    found = PullRequest("coexistence", version="4.1.0")
    return repository.open_pull_request(session.host, found, session.work)


@pytest.fixture(scope="module")
def runs(releases: Releases, pull: PullRequest) -> Runs:
    """One pull request, run by both at once."""
    names = {name: release.submit(arguments(pull)) for name, release in releases.items()}
    return {name: releases[name].ended(run) for name, run in names.items()}


def answer(session: Session, release: Release, pull: PullRequest) -> previews.Observation:
    host = namespace(release, pull.number)["metadata"]["annotations"]["implementation-dag.dev/host"]
    assert host.endswith(f".{release.own['defaults']['domain']}")
    return previews.observe(session.environment, f"https://{host}")


def cluster_wide(release: Release) -> set[str]:
    found = release.kubectl.items(KINDS, f"--selector=app.kubernetes.io/instance={release.name}")
    return {f"{item['kind']} {item['metadata']['name']}" for item in found}


def test_both_run_the_same_pull_request_at_once(
    session: Session, releases: Releases, runs: Runs, pull: PullRequest
) -> None:
    for name, run in runs.items():
        assert run["status"]["phase"] == "Succeeded", nodes(run)
        labels = namespace(releases[name], pull.number)["metadata"]["labels"]
        assert labels["implementation-dag.dev/release"] == releases[name].name
        seen = answer(session, releases[name], pull)
        assert seen.status == 200, seen


@pytest.mark.long
def test_each_has_cluster_wide_objects_of_its_own(dev: Release, staging: Release) -> None:
    ours, theirs = cluster_wide(dev), cluster_wide(staging)
    assert {item.replace("dev", "staging") for item in ours} == theirs
    assert not ours & theirs


@pytest.mark.long
def test_each_has_its_own_policies_on_its_own_previews(
    dev: Release, staging: Release, runs: Runs, pull: PullRequest
) -> None:
    """The same Service is refused in staging's preview and only warned of in dev's, whose policies say so."""

    def create(release: Release) -> subprocess.CompletedProcess[str]:
        command = release.kubectl.command(
            "create", "service", "externalname", "elsewhere", "--external-name=example.com", "--dry-run=server",
            f"--namespace={preview(release, pull.number)}",
        )  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False)

    told = "type ExternalName is not allowed in previews"
    warned, refused = create(dev), create(staging)
    assert refused.returncode != 0
    assert told in refused.stderr
    assert warned.returncode == 0, warned.stderr
    assert warned.stderr.count(told) == 1, warned.stderr


@pytest.mark.long
def test_a_release_refuses_the_preview_of_another(
    dev: Release, staging: Release, runs: Runs, pull: PullRequest
) -> None:
    before = namespace(dev, pull.number)["metadata"]
    given = arguments(pull) | {"NS": before["name"], "HOST": "x.example.com"}
    run = staging.ended(staging.submit(given, entrypoint="provision"))
    told = f"input NS is '{before['name']}', but the run's arguments give"
    assert any(told in words for words in nodes(run).values()), nodes(run)
    after = namespace(dev, pull.number)["metadata"]
    assert (after["uid"], after["labels"]) == (before["uid"], before["labels"])


@pytest.mark.long
def test_a_controller_leaves_the_docsruns_of_the_other_alone(dev: Release) -> None:
    dev.scale(0)
    dev.docsrun("whose", "print('done')")
    time.sleep(10)
    assert dev.phase("whose") == ""
    dev.scale(1)
    assert dev.final("whose") == "Succeeded"


@pytest.mark.long
def test_replicas_work_on_the_same_docsruns_without_a_second_job(dev: Release, kubectl: Kubectl) -> None:
    """Both replicas look at every DocsRun, one is killed on the way: one Job each, and no phase is ever taken back."""
    dev.scale(2)
    columns = r"--output=jsonpath={.metadata.name} {.status.phase}{'\n'}"
    command = kubectl.command("get", "docsruns", dev.place, "--watch", columns)
    names = [f"many-{number}" for number in range(6)]
    with tempfile.TemporaryFile("w+") as file, subprocess.Popen(command, stdout=file) as watch:
        try:
            for name in names:
                dev.docsrun(name, "import time; time.sleep(8)")
            pods = kubectl.items("pods", dev.place, "--selector=app.kubernetes.io/component=controller")
            victim = pods[0]["metadata"]["name"]
            kubectl.run("delete", "pod", victim, dev.place, "--grace-period=0", "--force")
            assert {dev.final(name) for name in names} == {"Succeeded"}
            # Late writes of the other replica would come now.
            time.sleep(5)
        finally:
            watch.terminate()
        file.seek(0)
        seen = [line.split() for line in file.read().splitlines()]
    order = ["", "Pending", "Running", "Succeeded"]
    owners = [job["metadata"]["ownerReferences"][0]["name"] for job in kubectl.items("jobs", dev.place)]
    for name in names:
        phases = [order.index(words[1] if len(words) > 1 else "") for words in seen if words and words[0] == name]
        assert phases == sorted(phases), [order[phase] for phase in phases]
        assert owners.count(name) == 1
    dev.scale(1)


@pytest.mark.long
def test_an_upgrade_changes_nothing_under_a_running_workflow(
    staging: Release, kubectl: Kubectl, runs: Runs, pull: PullRequest
) -> None:
    """With the upgrade acceptance would fail, and previews live for 99 hours: the run under way ends as it began."""
    run = staging.submit(arguments(pull))
    for _ in wait.rounds(RUN_SECONDS, 0.5):
        if "Running" in (seen := nodes(staging.workflow(run))).get("qa-testing", ""):
            break
    else:
        raise AssertionError(f"qa-testing does not run: {seen}")
    staging.install(acceptance={"paths": [{"path": "/not-there", "status": [200]}]}, preview={"ttlHours": 99})
    try:
        template = kubectl.get("workflowtemplate", staging.name, staging.place)
        assert "/not-there" in json.dumps(template)
        found = staging.ended(run)
    finally:
        staging.install()
    assert found["status"]["phase"] == "Succeeded", nodes(found)
    annotations = namespace(staging, pull.number)["metadata"]["annotations"]
    assert datetime.fromisoformat(annotations["janitor/expires"]) - datetime.now(UTC) < timedelta(hours=25)


@pytest.mark.long
def test_what_dev_tested_is_promoted_to_staging(
    session: Session,
    dev: Release,
    kubectl: Kubectl,
    runs: Runs,
    pull: PullRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The evidence of dev's run, read from the S3 service where Argo put it."""
    root, digest = tmp_path / "repository", dev.base["image"]["digest"]
    for folder in ("charts", "kustomize"):
        shutil.copytree(ROOT / folder, root / folder)
    overlay = root / "kustomize" / "overlays" / "dev"
    set_values(overlay / "values.yaml", {("image", "digest"): digest})
    set_values(overlay / "chart" / "release.yaml", {("releaseName",): dev.name})
    session.host.git("init", "--quiet", "--initial-branch=main", cwd=root)
    session.host.git("add", "--all", cwd=root)
    session.host.git("commit", "--quiet", "--message=dev runs what CI built", cwd=root)
    keys = read_secret(kubectl, DEMO_NAMESPACE, "s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["accessKey"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["secretKey"])
    run = runs["dev"]["metadata"]["name"]
    with session.environment.reach("s3", S3_PORT) as (address, port):
        monkeypatch.setenv("S3_ENDPOINT", f"http://{address}:{port}")
        place = f"s3://{BUCKET}/{prefix(OWNER, REPO, str(pull.number), run)}/index.json"
        branch, commit = promote(root, "dev", "staging", place)
    shown = session.host.git("show", commit, "--", "kustomize/overlays/staging/values.yaml", cwd=root)
    assert f'+  digest: "{digest}"' in shown
    assert f"Tested by run {run} of {OWNER}/{REPO}#{pull.number}" in shown
    assert session.host.git("branch", "--contains", commit, "--format=%(refname:short)", cwd=root).split() == [branch]


def test_uninstalling_one_leaves_the_other_and_the_crd(
    session: Session, dev: Release, staging: Release, kubectl: Kubectl, pull: PullRequest
) -> None:
    dev.docsrun("outlives", "print('done')")
    dev.uninstall()
    assert cluster_wide(dev) == set()
    assert kubectl.get("customresourcedefinition", CRD)
    assert kubectl.get("docsrun", "outlives", dev.place)
    assert cluster_wide(staging)
    staging.docsrun("still-here", "print('done')")
    assert staging.final("still-here") == "Succeeded"
    seen = answer(session, staging, pull)
    assert seen.status == 200, seen


@pytest.mark.long
def test_the_documented_removal_leaves_nothing(releases: Releases, dev: Release, kubectl: Kubectl) -> None:
    """The commands of docs/operator.md, for both releases; then the CRD comes back for the demo's."""
    text = (ROOT / "docs" / "operator.md").read_text().partition("\n## Remove\n")[2]
    (each, last) = re.findall(r"```\n(.*?)```", text, re.DOTALL)[:2]
    path = f"{tool('kubectl').parent}:{tool('helm').parent}:{os.environ['PATH']}"
    env = os.environ | {"KUBECONFIG": str(kubectl.kubeconfig), "PATH": path}
    dev.install()
    try:
        for release in releases.values():
            named = {"RELEASE": release.name, "NAMESPACE": release.name}
            subprocess.run(["bash", "-euc", each.partition("\n")[2]], env=env | named, check=True)
        subprocess.run(["bash", "-euc", last], env=env, check=True)
        assert kubectl.get("customresourcedefinition", CRD) is None
    finally:
        kubectl.run("apply", "--server-side", "--kustomize", str(ROOT / "kustomize" / "crds"))
    for release in releases.values():
        assert cluster_wide(release) == set()
        assert kubectl.get("namespace", release.name) is None
        selector = f"--selector=implementation-dag.dev/release={release.name}"
        assert kubectl.items("namespaces", selector) == []
