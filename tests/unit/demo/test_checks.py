"""The rules of each scenario pass on what they should, and fail on what they must not let through."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from idag.cluster.stages import Stage
from idag.yaml_reader import load
from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.contract import stages
from implementation_dag.contract.stages import PROMISED
from implementation_dag.steps import evidence_index
from scripts.demo import checks
from scripts.demo.checks import Observed
from scripts.lab.stand.evidence import Evidence
from scripts.lab.stand.git_host import Shown
from scripts.lab.stand.previews import Observation
from scripts.lab.stand.repository import OWN_SETTINGS, PullRequest
from scripts.lab.stand.workflow import Finished

COMMIT = "a" * 40
DIGEST = "sha256:" + "d" * 64
VERSIONS = {"chart": "1.2.3", "runtime": "r", "kubernetes": ""}
HEADERS = {"X-Frame-Options": "DENY"}
URL = "https://shop-pr-7.preview.example.com"
GOOD_STAGES = ("set-params", "implement", "clippy-format", "qa-testing", "provision", "deploy", "acceptance")


def stage(name: str, result: str = "Succeeded", **more: Any) -> Stage:
    outputs = {"commit": COMMIT} if name in ("implement", "clippy-format", "qa-testing") else {}
    return Stage(**{"name": name, "result": result, "seconds": 5.0, "message": "", "outputs": outputs, **more})


def good_run(**changes: Any) -> Finished:
    stages = [stage(name) for name in GOOD_STAGES]
    stages += [stage("evidence"), stage("remove-preview", "Skipped"), stage("keep-preview")]
    outputs = {
        "deployment_namespace": "impl-pr-7",
        "helm_release": "shop-pr-7",
        "acceptance_report_path": "acme/shop/pr-7/demo-x/acceptance/report.json",
        "preview_urls": json.dumps([URL]),
    }
    fields = {"name": "demo-x", "phase": "Succeeded", "message": "", "stages": stages, "wall_seconds": 60.0}
    fields |= {"own_seconds": {}, "overhead_seconds": 40.0, "pods": 10, "outputs": outputs}
    return Finished(**{**fields, **changes})


def index(pr: str, result: str, *tasks: str) -> dict[str, Any]:
    """The index of a run in which these tasks ended like the whole."""
    given = {"owner": "acme", "repo": "shop", "pr": pr}
    status = RunStatus(result, given, dict.fromkeys(tasks, result), outputs={"clippy-format": {"commit": COMMIT}})
    return evidence_index.build(evidence_index.Run("demo-x", "u", "w", "r"), VERSIONS, status, None, Path("/nowhere"))


def evidence(extra: dict[str, bytes] | None = None, pr: int = 7, **images: Any) -> Evidence:
    files = {f"{s}/{name}{'1.txt' if name[-1] == '/' else ''}": b"x" for s in PROMISED for name in PROMISED[s]}
    files |= extra or {}
    found = index(str(pr), "Succeeded", *stages.TASKS.values())
    found["files"] = [
        {"name": name, "size": len(text), "sha256": hashlib.sha256(text).hexdigest(), "stage": "x", "result": "x"}
        for name, text in files.items()
    ]
    running = {"pod": "a", "container": "app", "image": "i", "image_id": f"i@{DIGEST}", "digest": DIGEST}
    look = {"at": "2026-01-01T12:00:00Z", "holder": "demo-x", "running": [running]}
    found["images"] = {"application": f"i@{DIGEST}", "digests": [DIGEST], "seen": [look] * 3} | images
    return Evidence(f"acme/shop/pr-{pr}/demo-x", {**files, "index.json": json.dumps(found).encode()})


def good(**changes: Any) -> Observed:
    annotations = {"janitor.stakater.com/expires": "2026-11-25T00:00:00Z"}
    fields = {
        "pull": PullRequest("one", number=7, patch="discount"),
        "run": good_run(),
        "evidence": evidence(),
        "urls": [Observation(URL, 200, json.dumps({"commit": COMMIT, "version": "1.1.0"}), HEADERS)],
        "namespace": {"metadata": {"name": "impl-pr-7", "annotations": annotations}},
        "images": ["registry/acme/shop:pr-7@sha256:1"],
        "revisions": [COMMIT],
        "headers": HEADERS,
    }
    return Observed(**{**fields, **changes})


def failing(found: list[checks.Check]) -> list[str]:
    return [item.sentence for item in found if not item.passed]


def test_a_good_run_passes_every_check() -> None:
    assert failing(checks.succeeded(good())) == []


REVIEW = {"state": "APPROVED", "commit_id": COMMIT, "body": ""}
COMMENT = {"body": f"See {URL}"}


def test_a_run_that_its_pull_request_started_is_told_there() -> None:
    assert failing(checks.told(good(shown=Shown([REVIEW], [COMMENT])))) == []


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (None, "QA's review approves the tested commit"),
        (Shown([REVIEW | {"state": "COMMENT"}], [COMMENT]), "QA's review approves the tested commit"),
        (Shown([REVIEW | {"commit_id": "b" * 40}], [COMMENT]), "QA's review approves the tested commit"),
        (Shown([REVIEW, REVIEW], [COMMENT]), "QA's review approves the tested commit"),
        (Shown([REVIEW], [COMMENT, COMMENT]), "one comment names the preview"),
        (Shown([REVIEW], [{"body": "nothing"}]), "one comment names the preview"),
    ],
)
def test_what_a_pull_request_must_show(shown: Shown | None, sentence: str) -> None:
    assert sentence in failing(checks.told(good(shown=shown)))


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (good(run=good_run(pods=11)), "at most 10 pods"),
        (good(run=good_run(outputs={})), "the workflow's outputs name preview, report and namespace"),
        (good(namespace=None), "the preview's namespace stays and has its time to live"),
        (good(urls=[Observation(URL, None, "ConnectError")]), "every preview URL answers 200"),
        (good(urls=[]), "every preview URL answers 200"),
        (good(urls=[Observation(URL, 200, '{"commit": "other"}', HEADERS)]), "the answer names the tested commit"),
        (
            good(urls=[Observation(URL, 200, json.dumps({"commit": COMMIT}), {"X-Frame-Options": "SAMEORIGIN"})]),
            "every answer has the response headers of the release",
        ),
        (
            good(images=["registry/acme/shop:pr-7"]),
            "the preview runs an image by digest whose revision label is the tested commit",
        ),
        (
            good(revisions=["b" * 40]),
            "the preview runs an image by digest whose revision label is the tested commit",
        ),
        (good(evidence=evidence(pr=8)), "index.json is of this very run"),
        (good(evidence=evidence(seen=[])), "index.json names the tested commit, and its image as seen running"),
        (good(evidence=Evidence("p", {})), "evidence of rex, clippy, qa, deploy, acceptance is in S3"),
    ],
)
def test_each_fault_of_a_good_run_is_found(seen: Observed, sentence: str) -> None:
    assert sentence in failing(checks.succeeded(seen))


def ended_in(name: str, **more: Any) -> Observed:
    """A run that failed in `name`, as it should: nothing later ran, the preview is gone."""
    at = GOOD_STAGES.index(name)
    stages = [stage(n) for n in GOOD_STAGES[:at]] + [stage(name, "Failed", **more)]
    stages += [stage(n, "Omitted") for n in GOOD_STAGES[at + 1 :]]
    stages += [stage("evidence"), stage("remove-preview"), stage("keep-preview", "Skipped")]
    run = good_run(phase="Failed", stages=stages, outputs={})
    return good(run=run, namespace=None, urls=[], images=[], revisions=[])


def test_failed_tests() -> None:
    seen = dataclasses.replace(
        ended_in("qa-testing"), evidence=evidence({"qa/test-results.xml": b'<testsuite failures="2">'})
    )
    assert failing(checks.tests_failed(seen)) == []
    remains = dataclasses.replace(seen, namespace={"metadata": {"name": "impl-pr-7"}})
    assert failing(checks.tests_failed(remains)) == ["no preview remains"]
    no_failures = dataclasses.replace(seen, evidence=evidence({"qa/test-results.xml": b'<testsuite failures="0">'}))
    assert failing(checks.tests_failed(no_failures)) == ["the kept test results name failures"]


def test_a_bad_image_must_be_named_and_soon() -> None:
    image = "registry/acme/no-such-image"
    pull = PullRequest("one", number=7, image=image)
    message = f"Error (exit code 1): ImagePullBackOff: cannot pull {image}:pr-7"
    named = dataclasses.replace(ended_in("deploy", message=message), pull=pull)
    assert failing(checks.bad_image(named)) == []
    unnamed = dataclasses.replace(ended_in("deploy", message="timed out"), pull=pull)
    assert failing(checks.bad_image(unnamed)) == ["the reason names the image"]
    late = dataclasses.replace(ended_in("deploy", message=message, seconds=121.0), pull=pull)
    assert failing(checks.bad_image(late)) == ["deploy ended in under 120 s"]


SLOW = "all requests: p95 is 1600 ms, at most 1200 ms is allowed"


@pytest.mark.parametrize(
    ("reason", "broken"), [(SLOW, []), ("all requests: 0 of 1", ["the kept report has a p95 over its limit"])]
)
def test_a_slow_change(reason: str, broken: list[str]) -> None:
    report = json.dumps({"reason": reason}).encode()
    seen = dataclasses.replace(ended_in("acceptance"), evidence=evidence({"acceptance/report.json": report}))
    assert failing(checks.too_slow(seen)) == broken


def test_clippys_fix_must_be_another_commit_than_rexs() -> None:
    diff = evidence({"clippy/fixes.diff": b"+++ b/src/shop/discount.py"})
    assert failing(checks.fix_deployed(good(evidence=diff))) == ["clippy made a commit of its own"]
    stages = [
        stage(s.name, s.result, outputs={"commit": "b" * 40}) if s.name == "implement" else s for s in good_run().stages
    ]
    assert failing(checks.fix_deployed(good(evidence=diff, run=good_run(stages=stages)))) == []


OWN = load(OWN_SETTINGS.read_text())
LIMITS = {"min_success_pct": 0.95, "max_p95_ms": 1000, "requests_per_host": 20}


def by_own_settings(own: Any = OWN, paths: Any = OWN["paths"], limits: Any = LIMITS, judged: Any = LIMITS) -> Observed:
    files = {
        "acceptance/performance.json": {"hosts": [{"paths": paths}]},
        "acceptance/report.json": {"thresholds": judged | {"passed": True}},
    }
    found = evidence({name: json.dumps(document).encode() for name, document in files.items()})
    document = (found.document("index.json") or {}) | {"repository": own, "thresholds": limits}
    return good(evidence=Evidence(found.prefix, {**found.files, "index.json": json.dumps(document).encode()}))


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, []),
        ({"own": None}, ["index.json has the repository's own settings"]),
        ({"paths": [{"path": "/"}]}, ["acceptance asked for its own paths"]),
        ({"limits": LIMITS | {"max_p95_ms": 1200}}, ["index.json has its stricter limits"]),
        ({"judged": LIMITS | {"requests_per_host": 10}}, ["acceptance judged by them"]),
    ],
)
def test_a_repository_s_own_settings_must_have_been_in_force(changed: dict[str, Any], broken: list[str]) -> None:
    assert failing(checks.by_own_settings(by_own_settings(**changed))) == broken


def refused(message: str, exit_result: str = "Succeeded") -> Observed:
    stages = [stage("set-params", "Failed", message=message)]
    stages += [stage(name, "Omitted") for name in GOOD_STAGES[1:]]
    stages += [stage("evidence"), stage("remove-preview", exit_result), stage("keep-preview", "Skipped")]
    run = good_run(phase="Failed", stages=stages, outputs={})
    kept = Evidence("p", {"index.json": json.dumps(index("seven", "Failed", "set-params")).encode()})
    return good(pull=None, run=run, namespace=None, urls=[], images=[], revisions=[], evidence=kept)


def test_the_index_of_a_refused_run_tells_what_was_given() -> None:
    message = "main: Error (exit code 1): parameter 'pr' is 'seven': must be a positive integer"
    silent = dataclasses.replace(refused(message), evidence=Evidence("p", {}))
    assert failing(checks.argument_refused(silent)) == ["index.json tells what was given"]


def test_a_refused_argument_is_named_and_cleanup_is_quiet() -> None:
    message = "main: Error (exit code 1): parameter 'pr' is 'seven': must be a positive integer"
    assert failing(checks.argument_refused(refused(message))) == []
    assert failing(checks.argument_refused(refused("Error (exit code 1)"))) == [
        "its message names the parameter pr and the value"
    ]
    assert failing(checks.argument_refused(refused(message, "Failed"))) == [
        "the exit handler had nothing to complain of"
    ]


def test_a_stage_without_changes_passes_its_input_on() -> None:
    seen = good(pull=PullRequest("one", number=7, version="1.9.0"))
    broken = failing(checks.changed_nothing(seen))
    assert broken == [
        "rex and clippy changed nothing and passed the commit on",
        "the preview answers version 1.9.0",
    ]
