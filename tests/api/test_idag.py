"""The command idag against a real API server: what it starts, shows and says; the test plays Argo's controller."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from idag.cli import run
from idag.render.manifests import Object
from implementation_dag.base import wait
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl

from .previews import NAMESPACE, RELEASE
from .workflows import definitions, nodes

WHERE = ["--namespace", NAMESPACE]
WORKFLOWS = ("workflows.argoproj.io", f"--namespace={NAMESPACE}")
Data = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture(scope="module")
def installed(kubectl: Kubectl, previews: None, objects: list[Object]) -> None:
    """The release's templates, beside its previews."""
    kubectl.apply(definitions())
    templates = [dict(item) for item in objects if item["kind"] == "WorkflowTemplate"]

    def applied() -> bool:
        try:
            kubectl.apply(templates)
        except LabError:
            return False
        return True

    assert wait.until(applied, 30, 0.3)


@pytest.fixture
def release(installed: None, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's cluster, without runs."""
    kubectl.run("delete", *WORKFLOWS, "--all")
    monkeypatch.setenv("KUBECONFIG", str(kubectl.kubeconfig))


@pytest.fixture
def data(capsys: pytest.CaptureFixture[str]) -> Data:
    """Function that runs a command with -o json and returns what it printed."""

    def of(*arguments: str) -> Any:
        assert run([*arguments, *WHERE, "-o", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return of


def stands(kubectl: Kubectl, name: str, phase: str, **results: str) -> None:
    """Let the run be as Argo would say it."""
    tasks = {task.replace("_", "-"): result for task, result in results.items()}
    status = {"phase": phase, "startedAt": "2026-01-01T00:00:00Z", "nodes": nodes(name, tasks)}
    if phase != "Running":
        status |= {"finishedAt": "2026-01-01T00:01:00Z", "message": "a stage failed" if phase == "Failed" else ""}
    kubectl.run("patch", *WORKFLOWS, name, "--type=merge", f"--patch={json.dumps({'status': status})}")


def test_a_run_is_started_from_the_template(data: Data, kubectl: Kubectl) -> None:
    told = data("run", "acme/shop#7", "-p", "commit=abcdef0", "--no-wait")
    assert (told["pull"], told["phase"]) == ("acme/shop#7", "Pending")
    (made,) = kubectl.items(*WORKFLOWS)
    assert made["metadata"]["name"] == told["name"]
    assert made["spec"]["workflowTemplateRef"] == {"name": RELEASE}
    given = {item["name"]: item["value"] for item in made["spec"]["arguments"]["parameters"]}
    assert given == {"owner": "acme", "repo": "shop", "pr": "7", "commit": "abcdef0"}


@pytest.mark.parametrize(("end", "code"), [("Succeeded", 0), ("Failed", 1)])
def test_a_run_is_followed_to_its_end(
    end: str, code: int, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    def play() -> None:
        found = wait.until(lambda: kubectl.items(*WORKFLOWS), 30, 0.2)
        assert found
        name = found[0]["metadata"]["name"]
        stands(kubectl, name, "Running", set_params="Running")
        stands(kubectl, name, end, set_params="Succeeded", implement=end)

    argo = threading.Thread(target=play)
    argo.start()
    assert run(["run", "acme/shop#7", *WHERE]) == code
    argo.join()
    told = capsys.readouterr()
    assert f"implement: {end} after 5.0 s" in told.err
    assert f"{end} after 60.0 s" in told.out


def test_status_shows_runs_newest_first_and_previews(data: Data, kubectl: Kubectl) -> None:
    first = data("run", "acme/shop#7", "--no-wait")["name"]
    stands(kubectl, first, "Failed", set_params="Succeeded", implement="Failed")
    data("run", "acme/isolation#1", "--no-wait")
    told = data("status")
    assert {one["pull"] for one in told["runs"]} == {"acme/shop#7", "acme/isolation#1"}
    assert "acme/isolation#1" in {one["pull"] for one in told["previews"]}
    # Forges ignore the case of names.
    (one,) = data("status", "Acme/Shop#7")["runs"]
    assert (one["name"], one["phase"], one["stage"], one["message"]) == (first, "Failed", "implement", "a stage failed")
    (preview,) = data("status", "acme/isolation#1")["previews"]
    assert preview["url"].startswith("https://")


def test_open_prints_the_previews_url(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    (preview,) = data("status", "acme/isolation#1")["previews"]
    assert run(["open", "acme/isolation#1", "--print", *WHERE]) == 0
    assert capsys.readouterr().out.strip() == preview["url"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status", "-n", "default"], "no release in namespace default: name the release's namespace"),
        (["status"], "no release in namespace default, the context's own"),
        (["status", "--release=other", *WHERE], f"has no release 'other'; it has {RELEASE}"),
        (["open", "acme/shop#99", *WHERE], "acme/shop#99 has no preview"),
        (
            ["logs", "acme/shop#99", "deploy", *WHERE],
            "has no run of acme/shop#99: start one with `idag run acme/shop#99`",
        ),
        (["logs", "nothing", "deploy", *WHERE], "has no run 'nothing'"),
        (["evidence", "acme/shop#99", *WHERE], "has no run of acme/shop#99"),
        (["run", "acme/shop#0", *WHERE], "pr = '0': must be a whole number from 1 to"),
        (["run", "acme/shop#7", "-p", "colour=red", *WHERE], "there is no parameter 'colour'; there are owner, repo"),
    ],
)
def test_what_is_not_there_is_told(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_a_stage_without_pod_and_log_is_told(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    name = data("run", "acme/shop#7", "--no-wait")["name"]
    assert run(["logs", name, "deploy", *WHERE]) == 2
    assert f"stage deploy of run {name} has no pod, and no log in the bucket" in capsys.readouterr().err


def test_several_releases_must_be_told_apart(
    kubectl: Kubectl, objects: list[Object], capsys: pytest.CaptureFixture[str]
) -> None:
    (template,) = [
        item for item in objects if item["kind"] == "WorkflowTemplate" and item["metadata"]["name"] == RELEASE
    ]
    second = json.loads(json.dumps(template)) | {}
    second["metadata"]["name"] = "second"
    kubectl.apply([second])
    try:
        assert run(["status", *WHERE]) == 2
        assert "has several releases" in capsys.readouterr().err
        assert run(["status", *WHERE, "--release=second"]) == 0
    finally:
        kubectl.run("delete", "workflowtemplates.argoproj.io", "second", f"--namespace={NAMESPACE}")


def test_doctor_reads_the_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", *WHERE, f"--release={RELEASE}", "-o", "json"]) == 1
    found = {item["subject"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["release"]["level"] == "ok"
    assert found["Kubernetes"]["level"] == "ok"
    # No controller of Argo runs here.
    assert found["Argo controller"]["level"] == "problem"
