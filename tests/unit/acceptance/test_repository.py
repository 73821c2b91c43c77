"""Acceptance asks for the repository's own paths, and never by a weaker limit than the run was given."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.acceptance.repository import applied
from implementation_dag.acceptance.runner import run_acceptance
from implementation_dag.contract.repository import RepositoryError

ENV = {"MIN_SUCCESS_PCT": "0.95", "MAX_P95_MS": "1200", "REQUESTS_PER_HOST": "10", "NS": "impl-pr-7"}
SECTION = {"paths": [{"path": "/", "status": [200]}], "userAgent": "x"}


def told(own: object) -> dict[str, str]:
    return {"REPOSITORY": base64.b64encode(json.dumps(own).encode()).decode()}


def test_without_a_file_nothing_changes() -> None:
    assert applied(ENV, SECTION) == (ENV, SECTION)
    assert applied(ENV | {"REPOSITORY": ""}, SECTION) == (ENV | {"REPOSITORY": ""}, SECTION)


def test_own_paths_take_the_place_of_the_operator_s() -> None:
    env, section = applied(ENV | told({"paths": [{"path": "/a"}, {"path": "/b", "status": [202]}]}), SECTION)
    assert section == {"paths": [{"path": "/a", "status": [200]}, {"path": "/b", "status": [202]}], "userAgent": "x"}
    assert {name: env[name] for name in ENV} == ENV


def test_limits_are_as_the_settings_read_them() -> None:
    own = {"limits": {"minSuccessPct": 1, "maxP95Ms": 600, "requestsPerHost": 60}}
    env, section = applied(ENV | told(own), SECTION)
    assert (env["MIN_SUCCESS_PCT"], env["MAX_P95_MS"], env["REQUESTS_PER_HOST"]) == ("1", "600", "60")
    assert section == SECTION


@given(st.floats(0, 1).map(lambda share: round(share, 6)), st.integers(1, 600_000), st.integers(1, 1000))
def test_a_weaker_limit_does_not_count_whoever_hands_it_over(success: float, p95: int, requests: int) -> None:
    own = {"limits": {"minSuccessPct": success, "maxP95Ms": p95, "requestsPerHost": requests}}
    env, _ = applied(ENV | told(own), SECTION)
    assert 0.95 <= float(env["MIN_SUCCESS_PCT"]) <= 1
    assert 1 <= float(env["MAX_P95_MS"]) <= 1200
    assert 10 <= int(env["REQUESTS_PER_HOST"]) <= 1000


@pytest.mark.parametrize("name", ["MIN_SUCCESS_PCT", "MAX_P95_MS", "REQUESTS_PER_HOST"])
def test_an_argument_that_is_none_stays_for_its_own_refusal(name: str) -> None:
    env, _ = applied(ENV | {name: "many"} | told({"limits": {"maxP95Ms": 5}}), SECTION)
    assert env[name] == "many"


@pytest.mark.parametrize("own", [[], {"limits": {"maxP95Ms": "x"}}, {"paths": [{"path": "x"}]}, {"x": 1}])
def test_what_is_no_file_of_a_repository_is_refused(own: Any) -> None:
    with pytest.raises(RepositoryError):
        applied(ENV | told(own), SECTION)


def test_then_the_test_could_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENV | {"REPOSITORY": "!", "OUT": str(tmp_path), "SETTINGS": "acceptance: {}"}).items():
        monkeypatch.setenv(name, value)
    assert run_acceptance() == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["verdict"] == "could_not_run"
    assert report["reason"].startswith("variable REPOSITORY is '!': must be JSON in base64")
