"""The index says what lies in the bucket and how each stage ended."""

import hashlib
import json
from pathlib import Path

from implementation_dag import evidence
from implementation_dag.run import Run

RUN = Run("acme", "shop", "7", "impl-abc", "uid", "workflows", "implementation-dag")
PIPELINE = {"release": "implementation-dag", "chart": "1.2.3", "image": "registry/runtime@sha256:0"}
FAILURES = json.dumps(json.dumps([{"displayName": "qa-testing", "message": 'exit "1"'}]))


def test_index_of_a_failed_run(tmp_path: Path) -> None:
    for name in ("rex/commit.txt", "clippy/report.json", "qa/test-results.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = evidence.index(RUN, PIPELINE, "Failed", evidence.failures(FAILURES), tmp_path)
    assert found["stages"] == {
        "rex": "Succeeded",
        "clippy": "Succeeded",
        "qa": "Failed",
        "deploy": "Omitted",
        "acceptance": "Omitted",
    }
    assert found["pipeline"] == PIPELINE
    assert found["failures"] == {"qa-testing": 'exit "1"'}
    assert found["files"][1] == {
        "name": "qa/test-results.xml",
        "size": 19,
        "sha256": hashlib.sha256(b"qa/test-results.xml").hexdigest(),
        "stage": "qa",
        "result": "Failed",
    }


def test_a_run_that_failed_before_the_first_stage() -> None:
    assert set(evidence.results("Failed", {"set-params": "bad"}, set()).values()) == {"Omitted"}


def test_a_good_run_has_no_failures() -> None:
    assert evidence.failures('"null"') == {}
    assert set(evidence.results("Succeeded", {}, {"rex"}).values()) == {"Succeeded"}
