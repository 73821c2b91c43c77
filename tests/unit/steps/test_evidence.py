"""The index says what a run was given, what came of it, what ran and what lies in the bucket, as its schema has it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from implementation_dag.base.errors import StepError
from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.cost import Cost, Usage, read
from implementation_dag.preview.preview_look import Look, Running
from implementation_dag.steps import evidence, evidence_index

RUN = evidence_index.Run("impl-abc", "uid", "workflows", "implementation-dag")
VERSIONS = {"chart": "1.2.3", "runtime": "registry/runtime@sha256:0", "kubernetes": ""}
DIGEST = "sha256:" + "d" * 64
GIVEN = {
    "owner": "acme",
    "repo": "shop",
    "pr": "7",
    "min_success_pct": "0.95",
    "max_p95_ms": "1200",
    "requests_per_host": "10",
}
BASE, FIXED = "a" * 40, "b" * 40


def index(status: RunStatus, folder: Path, seen: Look | None = None) -> dict[str, Any]:
    found = evidence_index.build(RUN, VERSIONS, status, seen, folder)
    Draft202012Validator(evidence_index.schema()).validate(json.loads(json.dumps(found)))
    return found


def status(**changed: Any) -> RunStatus:
    verdicts = {
        "set-params": "Succeeded",
        "implement": "Succeeded",
        "clippy-format": "Succeeded",
        "qa-testing": "Failed",
    }
    outputs = {
        "set-params": {"COMMIT": BASE, "BRANCH": "fix/%7B%7B"},
        "implement": {"commit": BASE},
        "clippy-format": {"commit": FIXED},
    }
    given = {"result": "Failed", "parameters": GIVEN, "verdicts": verdicts, "failures": {"qa-testing": 'exit "1"'}}
    given["times"] = {"qa-testing": ("2026-01-01T12:00:00Z", "")}
    return RunStatus(**(given | {"outputs": outputs, "started": "2026-01-01T12:00:00Z"} | changed))


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(content)


def test_index_of_a_failed_run(tmp_path: Path) -> None:
    own = ("index.json", "report.html")
    for name in ("rex/commit.txt", "clippy/report.json", "qa/test-results.xml", *own):
        write(tmp_path, name, name)
    found = index(status(), tmp_path)
    stages = dict(rex="Succeeded", clippy="Succeeded", qa="Failed", deploy="Omitted", acceptance="Omitted")
    assert found["stages"] == stages
    assert found["pipeline"] == {
        "release": "implementation-dag",
        "chart": "1.2.3",
        "image": "registry/runtime@sha256:0",
    }
    assert found["failures"] == {"qa-testing": 'exit "1"'}
    assert [item["name"] for item in found["files"]] == ["clippy/report.json", "qa/test-results.xml", "rex/commit.txt"]
    assert found["files"][1] == {
        "name": "qa/test-results.xml",
        "size": 19,
        "sha256": hashlib.sha256(b"qa/test-results.xml").hexdigest(),
        "stage": "qa",
        "result": "Failed",
    }
    assert found["tasks"]["qa-testing"] == {"verdict": "Failed", "started": "2026-01-01T12:00:00Z", "ended": None}
    assert (found["base_commit"], found["commit"], found["branch"]) == (BASE, FIXED, "fix/{{")
    assert found["thresholds"] == {"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 10}
    assert found["versions"]["kubernetes"] is None


def test_index_says_what_was_deployed_and_what_was_seen_running(tmp_path: Path) -> None:
    write(
        tmp_path,
        "deploy/image.json",
        json.dumps({"image": f"r/shop@{DIGEST}", "digests": [DIGEST], "manifest": "e" * 64}),
    )
    moment = Look(
        "2026-01-01T12:00:00Z", "impl-abc", (Running("shop-1", "app", "r/shop:1", f"r/shop@{DIGEST}", DIGEST),)
    )
    write(tmp_path, "acceptance/preview.json", json.dumps({"before": moment.document(), "after": moment.document()}))
    found = index(status(), tmp_path, moment)
    assert found["images"]["application"] == f"r/shop@{DIGEST}"
    assert found["images"]["seen"] == [json.loads(json.dumps(moment.document()))] * 2 + [moment.document()]
    assert found["manifests"] == {"resources.yaml": "e" * 64}


def test_index_says_what_the_repository_said_and_the_limits_that_were_in_force(tmp_path: Path) -> None:
    assert index(status(), tmp_path)["repository"] is None
    own = {"chartPath": "a", "limits": {"maxP95Ms": 300, "minSuccessPct": 0.5}, "paths": [{"path": "/"}] * 12}
    write(tmp_path, "deploy/image.json", json.dumps({"repository": own}))
    found = index(status(), tmp_path)
    assert found["repository"] == own
    # The weaker one of two never counts, whoever wrote it.
    assert found["thresholds"] == {"min_success_pct": 0.95, "max_p95_ms": 300, "requests_per_host": 12}
    unknown = index(status(parameters=GIVEN | {"max_p95_ms": "nan"}), tmp_path)
    assert unknown["thresholds"] == {"min_success_pct": 0.95, "max_p95_ms": None, "requests_per_host": 10}


@pytest.mark.parametrize("own", [{"limits": {"maxP95Ms": "x"}}, {"x": 1}, [], "x", {"limits": []}])
def test_what_no_repository_could_have_said_is_left_out(tmp_path: Path, own: Any) -> None:
    write(tmp_path, "deploy/image.json", json.dumps({"repository": own}))
    found = index(status(), tmp_path)
    assert found["repository"] is None
    assert found["thresholds"] == {"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 10}


@pytest.mark.parametrize("content", ["[" * 100_000, "{", "[]", "x" * 2_000_000])
def test_a_stage_s_broken_file_is_only_a_file(tmp_path: Path, content: str) -> None:
    write(tmp_path, "deploy/image.json", content)
    assert index(status(), tmp_path)["images"]["application"] is None


def test_index_of_a_refused_run_tells_what_was_given(tmp_path: Path) -> None:
    hostile = {"owner": "{{=1+1}}", "repo": "shop", "pr": "seven", "min_success_pct": "1e999", "max_p95_ms": "nan"}
    found = index(status(parameters=hostile, verdicts={"set-params": "Failed"}, outputs={}), tmp_path)
    assert (found["owner"], found["pr"], found["commit"], found["base_commit"]) == ("{{=1+1}}", None, None, None)
    assert set(found["thresholds"].values()) == {None}
    assert set(found["stages"].values()) == {"Omitted"}
    assert found["parameters"] == hostile


def test_index_of_a_run_whose_status_nobody_could_read(tmp_path: Path) -> None:
    found = index(RunStatus("Error", notes=("cannot read Workflow x",)), tmp_path)
    assert set(found["stages"].values()) == {"Unknown"}
    assert found["notes"] == ["cannot read Workflow x"]


def test_a_link_is_no_evidence(tmp_path: Path) -> None:
    write(tmp_path, "qa/real.txt", json.dumps({"image": f"r/shop@{DIGEST}"}))
    (tmp_path / "qa" / "link.txt").symlink_to("/etc/passwd")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "image.json").symlink_to(tmp_path / "qa" / "real.txt")
    found = index(status(), tmp_path)
    assert [item["name"] for item in found["files"]] == ["qa/real.txt"]
    assert found["images"]["application"] is None


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The step's environment, without a cluster: what it reads of one is to be given by the test."""
    installation = {"chart": "1.2.3", "image": "r", "clusterScoped": True}
    settings = {"installation": installation, "namespace": {"scope": "cluster", "prefix": "impl"}}
    settings["beside"] = {"deploy": [{"requests": {"cpu": "500m"}}, {"limits": {"cpu": 1, "memory": "1Gi"}}]}
    settings["pages"] = {"links": True}
    settings["cost"] = {"cpuCoreHour": 2, "memoryGibHour": 0, "currency": "EUR"}
    env = {"WORKFLOW": "impl-abc", "WORKFLOW_UID": "uid", "NAMESPACE": "workflows", "INSTALLATION": "dag"}
    for name, value in (env | {"STATUS": "Failed", "SETTINGS": json.dumps(settings)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(evidence, "STAGES", tmp_path / "stages")
    monkeypatch.setattr(evidence, "ARTIFACTS", tmp_path / "out")
    monkeypatch.setattr(evidence.kube, "client", lambda: None)
    monkeypatch.setattr(evidence.kube, "server_version", lambda _: "v1.35.4")
    return tmp_path / "out" / "index.json"


def test_an_index_is_written_though_the_workflow_cannot_be_read(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise StepError("cannot read Workflow impl-abc: forbidden")

    monkeypatch.setattr(evidence.workflow_status, "read", refused)
    assert evidence.main() == 1
    found = json.loads(step.read_text())
    assert (found["result"], found["notes"]) == ("Failed", ["cannot read Workflow impl-abc: forbidden"])
    assert set(found["stages"].values()) == {"Unknown"}


def test_the_index_names_the_report_beside_it(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(step.parent.parent / "stages", "rex/changes.diff", "+<script>")
    monkeypatch.setattr(evidence.workflow_status, "read", lambda *_: {"metadata": {"name": "impl-abc"}})
    evidence.main()
    page = step.with_name("report.html").read_bytes()
    assert b"+&lt;script&gt;" in page
    assert json.loads(step.read_text())["files"][-1] == {
        "name": "report.html",
        "size": len(page),
        "sha256": hashlib.sha256(page).hexdigest(),
        "stage": "",
        "result": "",
    }


def test_a_run_is_added_to_those_of_its_pull_request(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [{"name": name, "value": GIVEN[name]} for name in ("owner", "repo", "pr")]
    workflow = {"metadata": {"name": "impl-abc"}, "spec": {"arguments": {"parameters": given}}}
    monkeypatch.setattr(evidence.workflow_status, "read", lambda *_: workflow)
    monkeypatch.setattr(evidence.preview_look, "look", lambda *_: Look("2026-01-01T12:00:00Z", "", ()))
    earlier = step.parent.parent / "runs.json"
    earlier.write_text('{"runs": [{"workflow": "impl-old"}]}')
    monkeypatch.setattr(evidence, "EARLIER", earlier)
    evidence.main()
    rows = json.loads(step.with_name("runs.json").read_text())["runs"]
    assert [row["workflow"] for row in rows] == ["impl-abc", "impl-old"]
    assert "impl-old" in step.with_name("runs.html").read_text()
    assert "../runs.html" in step.with_name("report.html").read_text()


def test_without_a_pull_request_there_is_no_page_of_its_runs(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.workflow_status, "read", lambda *_: {"metadata": {"name": "impl-abc"}})
    evidence.main()
    assert not step.with_name("runs.json").exists() and not step.with_name("runs.html").exists()
    assert "../runs.html" not in step.with_name("report.html").read_text()


@pytest.mark.parametrize(("holder", "looks"), [("impl-abc", 1), ("impl-xyz", 0)])
def test_what_runs_is_told_of_this_run_s_preview_only(
    step: Path, monkeypatch: pytest.MonkeyPatch, holder: str, looks: int
) -> None:
    nodes: dict[str, dict[str, Any]] = {
        "a": {"name": "impl-abc.deploy", "phase": "Failed", "message": "{{=1}}", "type": "Pod"}
    }
    nodes["a"]["resourcesDuration"] = {"cpu": 900, "memory": 0}
    given = [{"name": name, "value": GIVEN[name]} for name in ("owner", "repo", "pr")]
    workflow = {
        "metadata": {"name": "impl-abc"},
        "spec": {"arguments": {"parameters": given}},
        "status": {"nodes": nodes},
    }
    monkeypatch.setattr(evidence.workflow_status, "read", lambda *_: workflow)
    monkeypatch.setattr(evidence.preview_look, "look", lambda *_: Look("2026-01-01T12:00:00Z", holder, ()))
    assert evidence.main() == 0
    found = json.loads(step.read_text())
    assert len(found["images"]["seen"]) == looks
    assert found["failures"] == {"deploy": "{{=1}}"}
    cost = {"amount": 0.5, "preview_hourly": 0.0, "currency": "EUR"}
    assert found["usage"] == {"cpu_core_hours": 0.25, "memory_gib_hours": 0.0, "cost": cost}
    assert "0.50 EUR" in step.with_name("report.html").read_text()
    assert "0.50 EUR" in step.with_name("runs.html").read_text()


@pytest.mark.parametrize(("result", "hourly"), [("Succeeded", 4.0), ("Failed", 0.0)])
def test_a_run_costs_what_its_tasks_let_run_and_its_preview_until_now(
    step: Path, monkeypatch: pytest.MonkeyPatch, result: str, hourly: float
) -> None:
    times = {"startedAt": "2026-01-01T11:00:00Z", "finishedAt": "2026-01-01T11:30:00Z"}
    nodes = {"a": {"name": "impl-abc.deploy", "phase": "Succeeded", "type": "Pod"} | times}
    given = [{"name": name, "value": GIVEN[name]} for name in ("owner", "repo", "pr")]
    workflow = {
        "metadata": {"name": "impl-abc"},
        "spec": {"arguments": {"parameters": given}},
        "status": {"nodes": nodes},
    }
    look = Look("2026-01-01T12:00:00Z", "impl-abc", (), Usage(2.0, 0.0))
    monkeypatch.setenv("STATUS", result)
    monkeypatch.setenv("OUTPUTS", str(step.parent))
    monkeypatch.setattr(evidence.workflow_status, "read", lambda *_: workflow)
    monkeypatch.setattr(evidence.preview_look, "look", lambda *_: look)
    assert evidence.main() == 0
    # The job: 1.5 processors for half an hour; the preview: 2 for half an hour.
    usage = json.loads(step.read_text())["usage"]
    assert (usage["cpu_core_hours"], usage["memory_gib_hours"]) == (1.75, 0.5)
    told = read((step.parent / "cost").read_text())
    assert told == Cost(3.5, hourly, "EUR") and usage["cost"] == asdict(told)
