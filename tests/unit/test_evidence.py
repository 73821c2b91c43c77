"""The index says what a run was given, what came of it, what ran and what lies in the bucket, as its schema has it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from implementation_dag import evidence_index
from implementation_dag.preview_look import Look, Running
from implementation_dag.workflow_status import RunStatus

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
    return RunStatus(**(given | {"outputs": outputs, "started": "2026-01-01T12:00:00Z"} | changed))


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(content)


def test_index_of_a_failed_run(tmp_path: Path) -> None:
    for name in ("rex/commit.txt", "clippy/report.json", "qa/test-results.xml", "index.json", "cleanup/diagnosis.txt"):
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
    write(tmp_path, "qa/real.txt", "x")
    (tmp_path / "qa" / "link.txt").symlink_to("/etc/passwd")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "image.json").symlink_to(tmp_path / "qa" / "real.txt")
    assert [item["name"] for item in index(status(), tmp_path)["files"]] == ["qa/real.txt"]
