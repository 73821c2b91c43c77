"""A promotion is one commit on its own branch, rests on evidence, and is refused by name otherwise. With real git."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.overlays import build, rendered
from idag.promote import PromoteError
from idag.promote.promotion import promote
from scripts.chart.render.project import ROOT

DIGEST = "sha256:" + "5" * 64
SHOP, OTHER_SHOP = "sha256:" + "c" * 64, "sha256:" + "d" * 64
VERSION = rendered.chart_version(ROOT)


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as `root`, shared: only for what is refused, which leaves everything as it was."""
    root = tmp_path_factory.mktemp("promote") / "repository"
    for name in ("charts", "kustomize"):
        shutil.copytree(ROOT / name, root / name)
    edit(root / "kustomize/overlays/staging/values.yaml", 'digest: ""', f"digest: {DIGEST}")
    git(root.parent, "init", "--quiet", "--template=", "--initial-branch=main", str(root))
    for key, value in (("user.name", "Test"), ("user.email", "test@example.com")):
        git(root, "config", key, value)
    commit(root)
    # One pack is copied sooner than a file for each object.
    git(root, "repack", "-a", "-d", "-q")
    return root


@pytest.fixture
def root(repository: Path, tmp_path: Path) -> Path:
    """A repository in which staging runs what was tested and production has no digest yet."""
    return shutil.copytree(repository, tmp_path / "repository")


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=change")


def index(**changed: Any) -> dict[str, Any]:
    """The index of a good run; a changed field that is a mapping keeps its other keys."""
    stages = dict.fromkeys(["rex", "clippy", "qa", "deploy", "acceptance"], "Succeeded")
    runtime = f"ghcr.io/x/runtime@{DIGEST}"
    file = {"name": "qa/test-results.xml", "size": 1, "sha256": "0" * 64, "stage": "qa", "result": "Succeeded"}
    running = {
        "pod": "shop-1",
        "container": "app",
        "image": "r/shop:pr-7",
        "image_id": f"r/shop@{SHOP}",
        "digest": SHOP,
    }
    look = {"at": "2026-01-01T12:00:00Z", "holder": "run-1", "running": [running]}
    given = {"owner": "acme", "repo": "shop", "pr": "7", "chartPath": "charts/app", "valuesFile": "values-preview.yaml"}
    found: dict[str, Any] = {
        "schema_version": 2,
        "owner": "acme",
        "repo": "shop",
        "pr": 7,
        "workflow": "run-1",
        "run": {"workflow": "run-1", "uid": "u", "namespace": "workflows"},
        "pipeline": {"release": "implementation-dag-staging", "chart": VERSION, "image": runtime},
        "versions": {"chart": VERSION, "runtime": runtime, "kubernetes": "v1.35.4"},
        "started": "2026-01-01T12:00:00Z",
        "ended": "2026-01-01T12:09:00Z",
        "base_commit": "a" * 40,
        "commit": "b" * 40,
        "branch": "feature",
        "parameters": given,
        "thresholds": {"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 10},
        "repository": None,
        "images": {"application": f"r/shop@{SHOP}", "digests": [SHOP], "seen": [look, look]},
        "manifests": {"resources.yaml": "e" * 64},
        "result": "Succeeded",
        "failures": {},
        "stages": stages,
        "notes": [],
        "files": [file],
    }
    for key, value in changed.items():
        found[key] = found[key] | value if isinstance(value, dict) and isinstance(found[key], dict) else value
    return found


def evidence(root: Path, **changed: Any) -> str:
    path = root.parent / "index.json"
    path.write_text(json.dumps(index(**changed)))
    return str(path)


def test_the_commit_makes_production_run_what_was_tested(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    name, made = promote(root, "staging", "production", evidence(root))
    assert name == f"promote/staging-to-production-{VERSION}-{'5' * 12}"
    assert git(root, "rev-parse", "HEAD") == before
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "rev-parse", f"{name}^") == before
    assert git(root, "branch", "--contains", made, "--format=%(refname:short)").split() == [name]
    git(root, "switch", "--quiet", name)
    values = yaml.safe_load((root / "kustomize/overlays/production/values.yaml").read_text())
    assert values["image"]["digest"] == DIGEST
    assert rendered.fault("production", root) is None
    manifests = build.objects((root / "kustomize/rendered/production/manifests.yaml").read_text())
    deployments = [item for item in manifests if item["kind"] == "Deployment"]
    assert deployments
    for item in deployments:
        assert item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f"@{DIGEST}")


def test_no_other_line_of_the_overlay_changes(root: Path) -> None:
    name, _ = promote(root, "staging", "production", evidence(root))
    changed = git(root, "diff", "--unified=0", f"main..{name}", "--", "kustomize/overlays", "kustomize/argocd")
    lines = [line[1:].strip() for line in changed.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line for line in lines if line.startswith("digest:")] == ['digest: ""', f'digest: "{DIGEST}"']
    assert all(line.startswith(("digest:", "version:", "targetRevision:")) for line in lines)
    files = git(root, "diff", "--name-only", f"main..{name}").split()
    assert all("/production" in path for path in files), files


def test_the_message_is_the_evidence(root: Path) -> None:
    name, _ = promote(root, "staging", "production", evidence(root))
    subject, _, body = git(root, "show", "--no-patch", "--format=%B", name).partition("\n")
    assert subject == f"Promote chart {VERSION} from staging to production"
    assert "run-1 of acme/shop#7: rex Succeeded" in body
    assert f"Tested commit {'b' * 40}, seen running as r/shop@{SHOP}." in body
    assert json.loads(body.partition("Evidence index:\n")[2]) == index()


def test_a_newer_chart_reaches_production_with_its_promotion(root: Path) -> None:
    """Production stayed on an older chart, with its rendering; the promotion brings version and rendering."""
    edit(root / "kustomize/overlays/production/chart/release.yaml", f"version: {VERSION}", "version: 0.0.9")
    edit(root / "kustomize/argocd/helm/production.yaml", f"targetRevision: {VERSION}", "targetRevision: 0.0.9")
    path = root / "kustomize/rendered/production/manifests.yaml"
    path.write_text(path.read_text().replace(f"implementation-dag-{VERSION}", "implementation-dag-0.0.9"))
    commit(root)
    assert rendered.fault("production", root) is None
    name, _ = promote(root, "staging", "production", evidence(root))
    git(root, "switch", "--quiet", name)
    assert rendered.pinned_version("production", root) == VERSION
    assert rendered.fault("production", root) is None
    application = yaml.safe_load((root / "kustomize/argocd/helm/production.yaml").read_text())
    assert application["spec"]["sources"][0]["targetRevision"] == VERSION


FAILED_QA = {"qa": "Failed"}
OTHER = {"release": "implementation-dag-dev", "chart": "0.0.1", "image": "ghcr.io/x/runtime:main"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"result": "Failed"}, "run run-1 did not succeed: Failed"),
        ({"stages": FAILED_QA}, "qa Failed"),
        ({"stages": {"acceptance": "Unknown"}}, "acceptance Unknown"),
        ({"files": []}, "run run-1 left no evidence"),
        ({"pipeline": OTHER}, "release implementation-dag-dev, not implementation-dag-staging; chart 0.0.1, not"),
    ],
)
def test_evidence_that_proves_nothing_is_refused(repository: Path, changed: dict[str, Any], words: str) -> None:
    refused(repository, words, place=evidence(repository, **changed))


LOOK = {"at": "2026-01-01T12:00:00Z", "holder": "run-1", "running": []}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"thresholds": {"min_success_pct": 0.949}}, "thresholds.min_success_pct is 0.949, at least 0.95 is allowed"),
        ({"thresholds": {"min_success_pct": None}}, "thresholds.min_success_pct is None, at least 0.95"),
        ({"thresholds": {"max_p95_ms": 1201}}, "thresholds.max_p95_ms is 1201, at most 1200 is allowed"),
        ({"thresholds": {"requests_per_host": 9}}, "thresholds.requests_per_host is 9, at least 10 is allowed"),
        ({"parameters": {"chartPath": "charts/x"}}, "parameters.chartPath is 'charts/x', only 'charts/app' is allowed"),
        ({"parameters": {"valuesFile": "v.yaml"}}, "parameters.valuesFile is 'v.yaml', only 'values-preview.yaml'"),
        ({"commit": None}, "commit is None from base_commit aaaa"),
        ({"notes": ["nodes are offloaded"]}, "notes say ['nodes are offloaded'], none are allowed"),
        ({"images": {"application": None}}, "images.application is None, must be of images.digests"),
        ({"images": {"application": f"r/shop@{OTHER_SHOP}"}}, f"images.application is 'r/shop@{OTHER_SHOP}'"),
        ({"images": {"seen": []}}, "images.seen has 0 looks"),
        ({"images": {"seen": [LOOK, LOOK]}}, f"has no container that runs {SHOP}"),
        ({"images": {"seen": [LOOK | {"holder": "run-2"}] * 2}}, "is of the run 'run-2', must be 'run-1'"),
    ],
)
def test_evidence_of_a_weaker_or_another_run_is_refused(repository: Path, changed: dict[str, Any], words: str) -> None:
    refused(repository, words, place=evidence(repository, **changed))


def test_what_a_repository_says_of_itself_must_be_allowed_where_it_is_promoted_to(root: Path) -> None:
    own = {"chartPath": "charts/podinfo", "paths": [{"path": "/"}]}
    assert promote(root, "staging", "production", evidence(root, repository=own))
    path = root / "kustomize/overlays/production/values.yaml"
    edit(path, "defaults:\n", "repositories:\n  settings: [chartPath, limits]\ndefaults:\n")
    commit(root)
    words = "repository.paths was set by .implementation-dag.yaml, only 'chartPath, limits' is allowed"
    refused(root, words, place=evidence(root, repository=own))


def test_a_stricter_environment_refuses_what_was_enough_for_the_one_before(root: Path) -> None:
    path = root / "kustomize/overlays/production/values.yaml"
    edit(path, "defaults:\n", "defaults:\n  maxP95Ms: 800\n")
    commit(root)
    refused(root, "proves too little for production: thresholds.max_p95_ms is 1200, at most 800", place=evidence(root))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"schema_version": 1}, "schema_version is 1, must be 2"),
        ({"commit": "main"}, "field commit: 'main' does not match"),
        (
            {"thresholds": {"min_success_pct": "0.95"}},
            "field thresholds.min_success_pct: '0.95' is not of type 'number'",
        ),
        ({"pr": True}, "field pr: True is not of type"),
        ({"thresholds": {"min_success_pct": float("nan")}}, "is not JSON: NaN is no number"),
    ],
)
def test_an_index_of_another_shape_is_refused(repository: Path, changed: dict[str, Any], words: str) -> None:
    refused(repository, words, place=evidence(repository, **changed))


def test_an_old_index_is_refused_in_words(repository: Path) -> None:
    kept = ("result", "stages", "files", "pipeline", "workflow", "owner", "repo", "pr", "failures")
    path = repository.parent / "old.json"
    path.write_text(json.dumps({key: value for key, value in index().items() if key in kept}))
    refused(repository, "schema_version is none (the run was of chart 0.1.0)", place=str(path))


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("stagging", "production", "--from 'stagging' is no environment, allowed: dev, staging, production"),
        ("staging", "live", "--to 'live' is no environment"),
        ("dev", "production", "dev to production is no step of the promotion, allowed: dev to staging, staging to"),
        ("production", "staging", "production to staging is no step"),
        ("dev", "staging", "kustomize/overlays/dev/values.yaml: image.digest is empty, and a tag does not say"),
    ],
)
def test_a_wrong_step_is_refused(repository: Path, source: str, target: str, words: str) -> None:
    refused(repository, words, source=source, target=target, place=evidence(repository))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "no evidence: give --evidence"),
        ("nowhere.json", "evidence nowhere.json cannot be read: "),
        ("here", "not JSON"),
    ],
)
def test_missing_evidence_is_refused(repository: Path, tmp_path: Path, place: str, words: str) -> None:
    if place == "here":
        (tmp_path / "here").write_text("{")
        place = str(tmp_path / "here")
    refused(repository, words, place=place)


def test_a_dirty_checkout_is_refused(root: Path) -> None:
    (root / "kustomize" / "note.txt").write_text("mine")
    refused(root, "the checkout has changes: commit or remove them first: kustomize/note.txt", place=evidence(root))


def test_a_second_promotion_of_the_same_is_refused(root: Path) -> None:
    name, _ = promote(root, "staging", "production", evidence(root))
    with pytest.raises(PromoteError, match=f"branch {name} exists"):
        promote(root, "staging", "production", evidence(root))
    git(root, "merge", "--quiet", "--ff-only", name)
    refused(root, "nothing to promote", place=evidence(root))


def test_a_chart_that_moved_on_cannot_be_promoted_from_here(root: Path) -> None:
    edit(root / "charts/implementation-dag/Chart.yaml", f"version: {VERSION}", "version: 99.0.0")
    commit(root)
    refused(root, f"staging runs chart {VERSION}, this checkout has 99.0.0", place=evidence(root))


def refused(root: Path, words: str, *, source: str = "staging", target: str = "production", place: str) -> None:
    before = git(root, "for-each-ref")
    with pytest.raises(PromoteError) as caught:
        promote(root, source, target, place)
    assert words in str(caught.value)
    assert git(root, "for-each-ref") == before
