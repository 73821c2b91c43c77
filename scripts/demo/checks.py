"""Checks of a run: each is a sentence and whether it holds, with what was found when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idag.yaml_reader import load
from implementation_dag.contract import labels, stages
from implementation_dag.contract.parameters import THRESHOLDS
from implementation_dag.contract.repository import in_force
from scripts.lab.stand.evidence import Evidence, index_problems, missing, schema_problems
from scripts.lab.stand.git_host import Shown
from scripts.lab.stand.previews import Observation
from scripts.lab.stand.repository import OWN_SETTINGS, OWNER, REPO, PullRequest
from scripts.lab.stand.workflow import Finished

# Seven stages, two of the exit handler, the DocsRun's, and a box for each of three agents.
POD_LIMIT = 10
BAD_IMAGE_LIMIT = 120.0
REVISION = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Observed:
    """All that was seen of one run, from the cluster, S3, the registry and the preview's URLs.

    `namespace` is the preview's Namespace or None, `images` what its Deployments run, `revisions` the
    revision labels of those images, `headers` the response headers that the release gives to every preview, `shown`
    what it shows on a pull request that started the run by itself.
    """

    pull: PullRequest | None
    run: Finished
    evidence: Evidence
    urls: list[Observation]
    namespace: dict[str, Any] | None
    images: list[str]
    revisions: list[str]
    headers: Mapping[str, str]
    shown: Shown | None = None


@dataclass(frozen=True)
class Check:
    """`sentence` says what should hold; `found` what was seen instead, empty when it holds."""

    sentence: str
    passed: bool
    found: str = ""


Rule = Callable[[Observed], Check]


def check(sentence: str, passed: bool, found: object = "") -> Check:
    """A Check that keeps what was found only when it failed."""
    return Check(sentence, passed, "" if passed else str(found))


def succeeded(seen: Observed) -> list[Check]:
    """A good run: every stage ended well, its evidence is whole, its preview answers and will expire."""
    run = seen.run
    bad = [
        f"{stage.name} is {stage.result}: {stage.message}"
        for stage in run.stages
        if stage.result != ("Skipped" if stage.name == "remove-preview" else "Succeeded")
    ]
    return [
        check("every stage succeeded", not bad, "; ".join(bad)),
        *evidence_of(seen, *stages.TASKS),
        *preview_stays(seen),
        check("index.json names the tested commit, and its image as seen running", *_seen_running(seen)),
        check("the workflow's outputs name preview, report and namespace", *_outputs(seen)),
        *cost(run),
    ]


def told(seen: Observed) -> list[Check]:
    """A good run that its pull request started: QA approves the tested commit there, and the comment leads to it."""
    reviews, comments = (seen.shown.reviews, seen.shown.comments) if seen.shown else ([], [])
    verdicts = [(one["state"], one["commit_id"]) for one in reviews]
    linked = [url.url for url in seen.urls if all(url.url in one["body"] for one in comments)]
    return [
        *succeeded(seen),
        check("QA's review approves the tested commit", verdicts == [("APPROVED", tested_commit(seen.run))], verdicts),
        check("one comment names the preview", len(comments) == 1 and linked == [u.url for u in seen.urls], comments),
    ]


def preview_stays(seen: Observed) -> list[Check]:
    """The preview is there with a time to live, answers 200 over verified TLS, and runs the tested commit."""
    metadata = (seen.namespace or {}).get("metadata", {})
    expires = metadata.get("annotations", {}).get(labels.EXPIRES[0], "")
    tested = tested_commit(seen.run)
    answers = [f"{item.url}: {item.status} {item.text[:80]}" for item in seen.urls]
    commits = [str(item.document.get("commit")) for item in seen.urls]
    lacking = [
        f"{u.url}: {name}" for u in seen.urls for name in seen.headers if u.headers.get(name) != seen.headers[name]
    ]
    return [
        check("the preview's namespace stays and has its time to live", bool(expires), metadata),
        check("every preview URL answers 200", bool(seen.urls) and all(u.status == 200 for u in seen.urls), answers),
        check("every answer has the response headers of the release", not lacking, lacking),
        check(
            "the answer names the tested commit", bool(commits) and set(commits) == {tested}, f"{commits}, not {tested}"
        ),
        check(
            "the preview runs an image by digest whose revision label is the tested commit",
            bool(seen.revisions) and set(seen.revisions) == {tested} and all("@sha256:" in i for i in seen.images),
            f"{seen.images} of {seen.revisions}, not {tested}",
        ),
    ]


def _outputs(seen: Observed) -> tuple[bool, dict[str, str]]:
    outputs, pull = seen.run.outputs, seen.pull
    good = (
        pull is not None
        and outputs.get("deployment_namespace") == f"impl-pr-{pull.number}"
        and outputs.get("helm_release") == f"{REPO}-pr-{pull.number}"
        and outputs.get("acceptance_report_path", "").endswith("/acceptance/report.json")
        and all(url.url in outputs.get("preview_urls", "") for url in seen.urls)
    )
    return good, outputs


def _seen_running(seen: Observed) -> tuple[bool, object]:
    """Whether each look at the preview saw the tested image, and no fault kept anything out of the index."""
    index = seen.evidence.document("index.json") or {}
    images = index.get("images") or {"seen": [], "digests": []}
    looks = [{item["digest"] for item in look["running"]} & {*images["digests"]} for look in images["seen"]]
    good = len(looks) == 3 and all(looks) and not index.get("notes")
    return good and index.get("commit") == tested_commit(seen.run), (index.get("commit"), images, index.get("notes"))


def cost(run: Finished) -> list[Check]:
    """What the pipeline adds to the stages' own work; its seconds are measured and shown, not judged here."""
    return [check(f"at most {POD_LIMIT} pods", run.pods <= POD_LIMIT, run.pods)]


def tested_commit(run: Finished) -> str:
    """The commit that QA tested, by its node's output."""
    return run.stage(stages.QA_TESTING.task).outputs.get("commit", "")


def evidence_of(seen: Observed, *stages: str) -> list[Check]:
    """The promised files of these stages are in S3, and index.json tells the truth about all of them."""
    lacking = missing(seen.evidence, stages)
    problems = index_problems(seen.evidence)
    malformed = schema_problems(seen.evidence)
    index = seen.evidence.document("index.json") or {}
    owner = (index.get("owner"), index.get("repo"), index.get("pr"), index.get("workflow"))
    wanted = (OWNER, REPO, seen.pull.number if seen.pull else None, seen.run.name)
    return [
        check(f"evidence of {', '.join(stages)} is in S3", not lacking, ", ".join(lacking)),
        check("index.json agrees with every object's own bytes", not problems, "; ".join(problems)),
        check("index.json is as its schema has it", not malformed, "; ".join(malformed)),
        check("index.json is of this very run", owner == wanted, f"{owner}, not {wanted}"),
    ]


def failed_in(seen: Observed, stage: str) -> list[Check]:
    """The run failed in `stage`, nothing after it ran, and no preview remains."""
    names = [item.name for item in seen.run.stages]
    result = {item.name: item.result for item in seen.run.stages}
    later = [name for name in ("deploy", "acceptance") if names.index(name) > names.index(stage)]
    ran = [f"{name} is {result[name]}" for name in later if result[name] not in ("Omitted", "Pending", "Skipped")]
    metadata = (seen.namespace or {}).get("metadata", {})
    return [
        check(f"the workflow failed in {stage}", seen.run.phase == "Failed" and result[stage] == "Failed", result),
        check("no later stage ran", not ran, "; ".join(ran)),
        check("no preview remains", seen.namespace is None, metadata.get("name", "")),
        check("cleanup ran", result.get("remove-preview") == "Succeeded", result.get("remove-preview")),
    ]


def tests_failed(seen: Observed) -> list[Check]:
    """QA failed on real test failures, and its evidence is kept."""
    text = seen.evidence.files.get("qa/test-results.xml", b"").decode(errors="replace")
    failures = re.search(r'failures="([1-9][0-9]*)"', text)
    return [
        *failed_in(seen, stages.QA_TESTING.task),
        *evidence_of(seen, "rex", "clippy", "qa"),
        check("the kept test results name failures", failures is not None, text[:200]),
    ]


def bad_image(seen: Observed) -> list[Check]:
    """deploy ended early with the image in its reason."""
    stage = seen.run.stage("deploy")
    recorded = seen.evidence.document("deploy/image.json") or {}
    reason = f"{stage.message} {recorded.get('reason', '')} {recorded.get('message', '')}".strip()
    image = seen.pull.image if seen.pull else ""
    return [
        *failed_in(seen, "deploy"),
        check(f"deploy ended in under {BAD_IMAGE_LIMIT:.0f} s", stage.seconds < BAD_IMAGE_LIMIT, stage.seconds),
        check("the reason names the image", bool(image) and image in reason, reason),
        *evidence_of(seen, "rex", "clippy", "qa"),
    ]


def too_slow(seen: Observed) -> list[Check]:
    """Acceptance failed over its p95, and the report is kept."""
    report = seen.evidence.document("acceptance/report.json") or {}
    reason = str(report.get("reason"))
    return [
        *failed_in(seen, "acceptance"),
        check("the kept report has a p95 over its limit", "p95 is " in reason, reason),
        *evidence_of(seen, *stages.TASKS),
    ]


def fix_deployed(seen: Observed) -> list[Check]:
    """Clippy changed the code, and exactly its commit was tested and deployed."""
    given = seen.run.stage(stages.IMPLEMENT.task).outputs.get("commit", "")
    fixed = seen.run.stage(stages.CLIPPY_FORMAT.task).outputs.get("commit", "")
    diff = seen.evidence.files.get("clippy/fixes.diff", b"")
    return [
        *succeeded(seen),
        check(
            "clippy made a commit of its own", bool(REVISION.fullmatch(fixed)) and fixed != given, f"{given} → {fixed}"
        ),
        check("QA tested clippy's commit", tested_commit(seen.run) == fixed, tested_commit(seen.run)),
        check("fixes.diff shows the fixes", b"src/shop/discount.py" in diff, diff[:200]),
    ]


def by_own_settings(seen: Observed) -> list[Check]:
    """The repository's own settings were in force: its chart, its host's key, its paths, its stricter limits."""
    own = load(OWN_SETTINGS.read_text(), OWN_SETTINGS.name)
    index = seen.evidence.document("index.json") or {}
    hosts = (seen.evidence.document("acceptance/performance.json") or {}).get("hosts") or []
    asked = [[path["path"] for path in host["paths"]] for host in hosts]
    wanted = [path["path"] for path in own["paths"]]
    limits = in_force({one.name: float(one.default or 0) for one in THRESHOLDS}, own)
    report = (seen.evidence.document("acceptance/report.json") or {}).get("thresholds")
    return [
        *succeeded(seen),
        check("index.json has the repository's own settings", index.get("repository") == own, index.get("repository")),
        check("acceptance asked for its own paths", bool(asked) and all(paths == wanted for paths in asked), asked),
        check("index.json has its stricter limits", index.get("thresholds") == limits, index.get("thresholds")),
        check("acceptance judged by them", report == limits | {"passed": True}, report),
    ]


def argument_refused(seen: Observed) -> list[Check]:
    """The first node failed with the parameter's name, and nothing was created."""
    first = seen.run.stage("set-params")
    ran = [s.name for s in seen.run.stages if s.name not in ("set-params", "evidence", "remove-preview")]
    broken = [
        f"{item.name} is {item.result}: {item.message}"
        for item in seen.run.stages
        if item.name in stages.EXIT_TASKS and item.result in ("Failed", "Error")
    ]
    ran = [name for name in ran if seen.run.stage(name).result not in ("Omitted", "Pending", "Skipped")]
    return [
        check(
            "the workflow failed in its first node",
            seen.run.phase == "Failed" and first.result == "Failed",
            first.result,
        ),
        check(
            "its message names the parameter pr and the value",
            "'pr'" in first.message and "seven" in first.message,
            first.message,
        ),
        check("no other stage ran", not ran, ", ".join(ran)),
        check("the exit handler had nothing to complain of", not broken, "; ".join(broken)),
        check("no preview was created", seen.namespace is None, seen.namespace),
        check("no stage left evidence", not stage_files(seen), stage_files(seen)),
        check("index.json tells what was given", *_given(seen)),
    ]


def _given(seen: Observed) -> tuple[bool, object]:
    index = seen.evidence.document("index.json") or {}
    told = (index.get("result"), index.get("pr"), (index.get("parameters") or {}).get("pr"))
    omitted = set((index.get("stages") or {}).values()) == {"Omitted"}
    return told == ("Failed", None, "seven") and omitted and not schema_problems(seen.evidence), index


def stage_files(seen: Observed) -> list[str]:
    """Evidence of stages, which a refused run must not have."""
    return [name for name in seen.evidence.files if name.split("/")[0] in stages.TASKS]


def changed_nothing(seen: Observed) -> list[Check]:
    """A stage that changed nothing passes its input on, and the version is the pull request's own."""
    given = seen.run.stage("set-params").outputs.get("COMMIT", "")
    version = seen.pull.version if seen.pull else ""
    answers = [str(item.document.get("version")) for item in seen.urls]
    return [
        *succeeded(seen),
        check("rex and clippy changed nothing and passed the commit on", tested_commit(seen.run) == given, given),
        check(f"the preview answers version {version}", set(answers) == {version}, answers),
    ]
