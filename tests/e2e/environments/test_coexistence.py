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

from scripts.demo import previews, repository
from scripts.demo.backends import BUCKET, S3_PORT
from scripts.demo.environment import DEMO_NAMESPACE
from scripts.demo.evidence import prefix
from scripts.demo.helm import helm
from scripts.demo.objects import read_secret
from scripts.demo.repository import OWNER, REPO, PullRequest
from scripts.demo.session import Session
from scripts.overlays.build import ROOT
from scripts.promote.__main__ import promote
from scripts.toolchain import tool
from scripts.yaml_file import set_values

from .releases import NAMES, RUN_SECONDS, Releases, full_name, nodes, place, preview

Runs = dict[str, dict[str, Any]]
KINDS = "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"
CRD = "docsruns.taskmaster.io"


@pytest.fixture(scope="module")
def releases(session: Session) -> Iterator[Releases]:
    found = Releases(session.environment.kubectl, session.environment.domain)
    try:
        for name in NAMES:
            found.copy_inputs(name)
            found.install(name)
        yield found
    finally:
        for name in NAMES:
            found.remove(name)


@pytest.fixture(scope="module")
def pull(session: Session) -> PullRequest:
    """The pull request that both run. Its agents find nothing to change: of two that push, one is refused."""
    found = PullRequest(41, version="4.1.0")
    repository.open_pull_request(session.host, found, session.work)
    return found


@pytest.fixture(scope="module")
def runs(releases: Releases, pull: PullRequest) -> Runs:
    """One pull request, run by both at once."""
    names = {name: releases.submit(name, arguments(pull)) for name in NAMES}
    return {name: releases.ended(name, run) for name, run in names.items()}


def arguments(pull: PullRequest) -> dict[str, str]:
    return {"owner": OWNER, "repo": REPO, "pr": str(pull.number)}


def answer(session: Session, releases: Releases, name: str, pull: PullRequest) -> previews.Observation:
    host = releases.namespace(name, pull.number)["metadata"]["annotations"]["implementation-dag.dev/host"]
    assert host.endswith(f".{name}.{releases.domain}")
    return previews.observe(session.environment, f"https://{host}")


def cluster_wide(releases: Releases, name: str) -> set[str]:
    found = releases.kubectl.items(KINDS, f"--selector=app.kubernetes.io/instance={full_name(name)}")
    return {f"{item['kind']} {item['metadata']['name']}" for item in found}


def test_both_run_the_same_pull_request_at_once(
    session: Session, releases: Releases, runs: Runs, pull: PullRequest
) -> None:
    for name, run in runs.items():
        assert run["status"]["phase"] == "Succeeded", nodes(run)
        labels = releases.namespace(name, pull.number)["metadata"]["labels"]
        assert labels["implementation-dag.dev/release"] == full_name(name)
        seen = answer(session, releases, name, pull)
        assert seen.status == 200, seen


@pytest.mark.long
def test_each_has_cluster_wide_objects_of_its_own(releases: Releases) -> None:
    dev, staging = (cluster_wide(releases, name) for name in NAMES)
    assert {item.replace("dev", "staging") for item in dev} == staging
    assert not dev & staging


@pytest.mark.long
def test_each_has_its_own_policies_on_its_own_previews(releases: Releases, runs: Runs, pull: PullRequest) -> None:
    """The same Service is refused in staging's preview and only warned of in dev's, whose policies say so."""

    def create(name: str) -> subprocess.CompletedProcess[str]:
        command = releases.kubectl.command(
            "create", "service", "externalname", "elsewhere", "--external-name=example.com", "--dry-run=server",
            f"--namespace={preview(name, pull.number)}",
        )  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False)

    told = "type ExternalName is not allowed in previews"
    dev, staging = (create(name) for name in NAMES)
    assert staging.returncode != 0
    assert told in staging.stderr
    assert dev.returncode == 0, dev.stderr
    assert dev.stderr.count(told) == 1, dev.stderr


@pytest.mark.long
def test_a_release_refuses_the_preview_of_another(releases: Releases, runs: Runs, pull: PullRequest) -> None:
    before = releases.namespace("dev", pull.number)["metadata"]
    given = arguments(pull) | {"NS": before["name"], "HOST": "x.example.com"}
    run = releases.ended("staging", releases.submit("staging", given, entrypoint="provision"))
    told = f"is not the preview of {OWNER}/{REPO}#{pull.number} by release {full_name('staging')}"
    assert any(told in words for words in nodes(run).values()), nodes(run)
    after = releases.namespace("dev", pull.number)["metadata"]
    assert (after["uid"], after["labels"]) == (before["uid"], before["labels"])


@pytest.mark.long
def test_a_controller_leaves_the_docsruns_of_the_other_alone(releases: Releases) -> None:
    releases.scale("dev", 0)
    releases.docsrun("dev", "whose", "print('done')")
    time.sleep(10)
    assert releases.phase("dev", "whose") == ""
    releases.scale("dev", 1)
    assert releases.final("dev", "whose") == "Succeeded"


@pytest.mark.long
def test_replicas_work_on_the_same_docsruns_without_a_second_job(releases: Releases) -> None:
    """Both replicas look at every DocsRun, one is killed on the way: one Job each, and no phase is ever taken back."""
    releases.scale("dev", 2)
    columns = r"--output=jsonpath={.metadata.name} {.status.phase}{'\n'}"
    command = releases.kubectl.command("get", "docsruns", place("dev"), "--watch", columns)
    names = [f"many-{number}" for number in range(6)]
    with tempfile.TemporaryFile("w+") as file, subprocess.Popen(command, stdout=file) as watch:
        try:
            for name in names:
                releases.docsrun("dev", name, "import time; time.sleep(8)")
            pods = releases.kubectl.items("pods", place("dev"), "--selector=app.kubernetes.io/component=controller")
            victim = pods[0]["metadata"]["name"]
            releases.kubectl.run("delete", "pod", victim, place("dev"), "--grace-period=0", "--force")
            assert {releases.final("dev", name) for name in names} == {"Succeeded"}
            # Late writes of the other replica would come now.
            time.sleep(5)
        finally:
            watch.terminate()
        file.seek(0)
        seen = [line.split() for line in file.read().splitlines()]
    order = ["", "Pending", "Running", "Succeeded"]
    owners = [job["metadata"]["ownerReferences"][0]["name"] for job in releases.kubectl.items("jobs", place("dev"))]
    for name in names:
        phases = [order.index(words[1] if len(words) > 1 else "") for words in seen if words and words[0] == name]
        assert phases == sorted(phases), [order[phase] for phase in phases]
        assert owners.count(name) == 1
    releases.scale("dev", 1)


@pytest.mark.long
def test_an_upgrade_changes_nothing_under_a_running_workflow(releases: Releases, runs: Runs, pull: PullRequest) -> None:
    """With the upgrade acceptance would fail, and previews live for 99 hours: the run under way ends as it began."""
    run = releases.submit("staging", arguments(pull))
    deadline = time.monotonic() + RUN_SECONDS
    while "Running" not in nodes(releases.workflow("staging", run)).get("qa-testing", ""):
        assert time.monotonic() < deadline, nodes(releases.workflow("staging", run))
        time.sleep(0.5)
    releases.install(
        "staging", acceptance={"paths": [{"path": "/not-there", "status": [200]}]}, preview={"ttlHours": 99}
    )
    try:
        template = releases.kubectl.get("workflowtemplate", full_name("staging"), place("staging"))
        assert "/not-there" in json.dumps(template)
        found = releases.ended("staging", run)
    finally:
        releases.install("staging")
    assert found["status"]["phase"] == "Succeeded", nodes(found)
    annotations = releases.namespace("staging", pull.number)["metadata"]["annotations"]
    assert datetime.fromisoformat(annotations["janitor/expires"]) - datetime.now(UTC) < timedelta(hours=25)


@pytest.mark.long
def test_what_dev_tested_is_promoted_to_staging(
    session: Session, releases: Releases, runs: Runs, pull: PullRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evidence of dev's run, read from the S3 service where Argo put it."""
    root, digest = tmp_path / "repository", releases.base["image"]["digest"]
    for folder in ("charts", "kustomize"):
        shutil.copytree(ROOT / folder, root / folder)
    dev = root / "kustomize" / "overlays" / "dev"
    set_values(dev / "values.yaml", {("image", "digest"): digest})
    set_values(dev / "chart" / "release.yaml", {("releaseName",): full_name("dev")})
    session.host.git("init", "--quiet", "--initial-branch=main", cwd=root)
    session.host.git("add", "--all", cwd=root)
    session.host.git("commit", "--quiet", "--message=dev runs what CI built", cwd=root)
    keys = read_secret(session.environment.kubectl, DEMO_NAMESPACE, "s3")
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


def test_uninstalling_one_leaves_the_other_and_the_crd(session: Session, releases: Releases, pull: PullRequest) -> None:
    releases.docsrun("dev", "outlives", "print('done')")
    helm(releases.kubectl, "uninstall", full_name("dev"), place("dev"), "--wait")
    assert cluster_wide(releases, "dev") == set()
    assert releases.kubectl.get("customresourcedefinition", CRD)
    assert releases.kubectl.get("docsrun", "outlives", place("dev"))
    assert cluster_wide(releases, "staging")
    releases.docsrun("staging", "still-here", "print('done')")
    assert releases.final("staging", "still-here") == "Succeeded"
    seen = answer(session, releases, "staging", pull)
    assert seen.status == 200, seen


@pytest.mark.long
def test_the_documented_removal_leaves_nothing(releases: Releases) -> None:
    """The commands of docs/operator.md, for both releases; then the CRD comes back for the demo's."""
    text = (ROOT / "docs" / "operator.md").read_text().partition("\n## Remove\n")[2]
    (each, last) = re.findall(r"```\n(.*?)```", text, re.DOTALL)[:2]
    path = f"{tool('kubectl').parent}:{tool('helm').parent}:{os.environ['PATH']}"
    env = os.environ | {"KUBECONFIG": str(releases.kubectl.kubeconfig), "PATH": path}
    releases.install("dev")
    try:
        for name in NAMES:
            named = {"RELEASE": full_name(name), "NAMESPACE": full_name(name)}
            subprocess.run(["bash", "-euc", each.partition("\n")[2]], env=env | named, check=True)
        subprocess.run(["bash", "-euc", last], env=env, check=True)
        assert releases.kubectl.get("customresourcedefinition", CRD) is None
    finally:
        releases.kubectl.run("apply", "--server-side", "--kustomize", str(ROOT / "kustomize" / "crds"))
    for name in NAMES:
        assert cluster_wide(releases, name) == set()
        assert releases.kubectl.get("namespace", full_name(name)) is None
        selector = f"--selector=implementation-dag.dev/release={full_name(name)}"
        assert releases.kubectl.items("namespaces", selector) == []
