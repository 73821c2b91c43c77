"""Objects go to the API server and come back as they were, and keep the schema of their definition."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base import moments
from implementation_dag.contract import labels, names
from implementation_dag.pull_requests import objects
from implementation_dag.pull_requests.decide import decide
from implementation_dag.pull_requests.model import Cause, Kind, Preview, Run, RunPhase, Seen, SetStatus, Workflow
from tests.unit.pull_requests.test_decide import SPEC, TEST
from tests.unit.pull_requests.world import NAME, SETTINGS, START, commit, opened

ROOT = Path(__file__).parents[3]
DEFINITION = yaml.safe_load((ROOT / "charts/implementation-dag/crds/previews.yaml").read_text())
SCHEMA = DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
REPOSITORIES = st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True)


def test_a_status_comes_back_as_it_was_and_keeps_the_schema() -> None:
    stopped = replace(TEST, number=2, cause=Cause.SUPERSEDED, told="x")
    before = Preview(NAME, SPEC, replace(objects._status({}), run=stopped, history=(TEST,)))
    (written,) = decide(Seen(opened()), before, (), SETTINGS, START)
    assert isinstance(written, SetStatus)
    stored = objects.status(written.status, {}, START)
    assert set(stored["run"]) == {field.name for field in fields(Run)}, "what is left out of a merge patch stays"
    kept = {key: value for key, value in stored.items() if value is not None}
    kept["run"] = {key: value for key, value in stored["run"].items() if value is not None}
    assert objects._status(kept) == written.status
    jsonschema.validate(kept, SCHEMA["properties"]["status"])


def test_after_a_rollback_fields_of_the_newer_version_are_left_alone() -> None:
    run = {"name": "run-1", "number": 1, "kind": "test", "phase": "Running", "later": 1}
    stored = objects.new("acme", "shop", 7, "workflows") | {"status": {"run": run, "history": [run], "later": "x"}}
    stored["spec"] |= {"commands": {"1": {"done": True, "later": 1}}, "later": {}}
    found = objects.preview(stored)
    assert found.status.run == found.status.history[0] == Run("run-1", 1, Kind.TEST, RunPhase.RUNNING)
    assert found.spec.commands["1"].done is True


def test_a_condition_that_stays_keeps_its_time() -> None:
    following = replace(objects._status({}), conditions=(("Allowed", True, ""),))
    first = objects.status(following, {}, START)
    later = objects.status(following, first, START.replace(year=2027))
    assert later["conditions"] == first["conditions"]
    turned = objects.status(replace(following, conditions=(("Allowed", False, "no"),)), first, START.replace(year=2027))
    assert turned["conditions"][0]["lastTransitionTime"] == "2027-01-01T00:00:00Z"


@given(REPOSITORIES, st.integers(1, 999_999_999))
def test_names_of_previews_and_runs_are_labels_of_kubernetes(repo: str, number: int) -> None:
    name = names.pull_request("Acme", repo, number)
    assert len(name) <= 50 and len(names.run(name, 99999)) <= 63
    for text in (name, names.run(name, 1)):
        assert names.re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", text)
    assert names.pull_request("ACME", repo.upper(), number) == name
    assert names.pull_request("acme2", repo, number) != name


@pytest.mark.parametrize("kind", list(Kind))
def test_a_run_s_workflow_is_read_as_what_was_started(kind: Kind) -> None:
    run = Run(names.run(NAME, 4), 4, kind, commit=commit(3))
    item = objects.manifest(run, SPEC, NAME, "workflows", "implementation-dag")
    assert set(item["spec"]) - {"entrypoint", "onExit"} == {"workflowTemplateRef", "arguments"}
    found = objects.workflow(item | {"status": {"phase": "Failed", "finishedAt": "2026-01-01T00:00:00Z"}})
    assert (found.number, found.kind, found.commit, found.over, found.good) == (4, kind, commit(3), True, False)
    assert objects.pull_request(item) == NAME


def read(status: dict[str, object], **spec: str) -> Workflow:
    """The model of a person's run in that status."""
    return objects.workflow({"metadata": {"name": "by-hand"}, "spec": spec, "status": status})


def test_a_run_that_was_terminated_before_it_began_is_not_good() -> None:
    """As Argo 4.0.7 leaves it: tests/api/argo sees it so."""
    assert read({"phase": "Succeeded"}).good
    assert not read({"phase": "Succeeded"}, shutdown="Terminate").good


def test_it_is_known_for_which_run_another_waits() -> None:
    lock = {"mutex": "workflows/Mutex/acme.shop.pr-7", "holder": f"workflows/{NAME}-1"}
    waiting: dict[str, object] = {"phase": "Pending", "synchronization": {"mutex": {"waiting": [lock]}}}
    assert read(waiting).waits_for == f"{NAME}-1"
    assert read(waiting | {"phase": "Failed"}).waits_for == ""
    # Argo leaves in the list what it has waited for.
    held = {"waiting": [lock], "holding": [lock]}
    assert read({"phase": "Running", "synchronization": {"mutex": held}}).waits_for == ""
    assert read({"phase": "Pending", "synchronization": {"mutex": {}}}).waits_for == ""


def test_a_run_that_a_person_submitted_has_no_number() -> None:
    given = [{"name": "owner", "value": "ACME"}, {"name": "repo", "value": "shop"}, {"name": "pr", "value": "7"}]
    item = {"metadata": {"name": f"{NAME}-9"}, "spec": {"arguments": {"parameters": given}}}
    assert objects.workflow(item).number == 0
    assert objects.pull_request(item) == NAME
    assert objects.pull_request({"metadata": {"name": "x"}, "spec": {}}) == ""


@pytest.mark.parametrize("urls", ["", "{", "{}", "[]", "[1]", '["http://x"]', f'["https://{"x" * 600}"]'])
def test_an_address_that_is_none_is_not_shown(urls: str) -> None:
    assert objects._first(urls) == ""


def test_moments_are_written_as_they_are_read() -> None:
    assert moments.read(moments.stamp(START)) == START
    assert labels.PULL_REQUEST in objects.manifest(TEST, SPEC, NAME, "n", "t")["metadata"]["labels"]


LATER = [("a-2", "a-1"), ("a-10", "a-9")]
NOT_LATER = [("a-1", "a-1"), ("a-1", "a-2"), ("a-2", "b-1"), ("a-2", "a-x"), ("2", "1"), ("a-2", "None")]


@pytest.mark.parametrize(("run", "other"), LATER + NOT_LATER)
def test_a_later_run_of_the_same_preview_supersedes(run: str, other: str) -> None:
    assert names.supersedes(run, other) == ((run, other) in LATER)
