"""What actionlint does not ask of our workflows: pinned actions, least rights, an end, and commands that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.toolchain.architecture import MACHINES

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
RUNS_OURS = re.compile(r"(^|[\s\"/(])(make|go|pip3?|python3?|node|npm|bash|sh|source|sudo)\s|\./|scripts/", re.M)
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


def test_there_is_one_for_changes_and_one_for_releases() -> None:
    assert [path.name for path in FILES] == ["ci.yaml", "release.yaml"]


@each
def test_actions_are_pinned_by_commit_and_tell_their_version(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    assert not [line for line in lines if not PINNED.search(line)]


@each
def test_each_job_has_only_the_rights_it_names_and_an_end(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for name, job in jobs(path).items():
        assert job["permissions"], name
        assert job["timeout-minutes"] <= 90, name
        assert "write-all" not in str(job["permissions"])


@each
def test_no_job_keeps_the_token_in_the_checkout(path: Path) -> None:
    steps = [step for job in jobs(path).values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each
def test_what_runs_a_module_of_ours_says_where_they_are(path: Path) -> None:
    steps = [step for job in jobs(path).values() for step in job["steps"]]
    running = [step for step in steps if re.search(r"python3? -m (idag|scripts)\b", step.get("run", ""))]
    assert running or path.name == "ci.yaml"
    assert {step["env"]["PYTHONPATH"] for step in running} <= {".:runtime"}


@each
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.M))
    calls = re.findall(r"(?:^ *|run: |\$\()make (?:-s )?([a-z0-9-]+(?: [a-z0-9-]+)*)", path.read_text(), flags=re.M)
    called = {target for call in calls for target in call.split()}
    assert called
    assert called <= targets, called - targets


def writers(path: Path) -> set[str]:
    return {name for name, job in jobs(path).items() if "write" in job["permissions"].values()}


def test_what_can_write_runs_nothing_of_this_repository() -> None:
    assert not writers(FILES[0])
    assert writers(FILES[1]) == {"publish", "page"}
    for name in writers(FILES[1]):
        script = "\n".join(step.get("run", "") for step in jobs(FILES[1])[name]["steps"])
        assert not RUNS_OURS.search(script), name


def test_only_what_was_built_is_published_and_a_person_agrees_first() -> None:
    found = jobs(FILES[1])
    assert found["publish"]["environment"] == "release"
    assert found["publish"]["permissions"].keys() == {"packages", "id-token", "attestations"}
    assert found["page"]["permissions"].keys() == {"contents"}
    assert set(found["page"]["needs"]) == {"build", "publish"}
    assert found["publish"]["needs"] == "build"
    assert found["build"]["needs"] == "test"
    for name in writers(FILES[1]):
        steps = found[name]["steps"]
        (fetched,) = [at for at, step in enumerate(steps) if "download-artifact" in step.get("uses", "")]
        assert steps[fetched + 1]["run"] == 'sha256sum --check --strict <<< "$FILES"'
        assert steps[fetched + 1]["env"] == {"FILES": "${{ needs.build.outputs.files }}"}
    build = "\n".join(step.get("run", "") for step in found["build"]["steps"])
    assert "build runtime --pinned-base" in build
    assert "secrets." not in str(found["build"])


def test_bases_and_actions_are_renewed() -> None:
    renewed = json.loads((ROOT / ".github" / "renovate.json").read_text())["enabledManagers"]
    assert {"dockerfile", "github-actions", "gomod"} <= set(renewed)


def test_what_the_chart_says_it_runs_on_is_built_pushed_whole_signed_and_attested() -> None:
    annotations = yaml.safe_load((ROOT / "charts/implementation-dag/Chart.yaml").read_text())["annotations"]
    (image,) = yaml.safe_load(annotations["artifacthub.io/images"])
    assert image["platforms"] == [f"linux/{name}" for name in MACHINES]
    found = {
        name: "\n".join(step.get("run", "") for step in jobs(FILES[1])[name]["steps"]) for name in ("build", "publish")
    }
    wanted = " ".join(f"--arch {name}" for name in MACHINES)
    assert f"build --group image {wanted}" in found["build"]
    assert f"build runtime --pinned-base {wanted}" in found["build"]
    # Read in the order in which the lines are written, and handed on for SBOM and signature.
    assert re.findall(r"read -r _ (\w+)", found["build"]) == [*MACHINES, "index"]
    assert f"for arch in {' '.join(MACHINES)}; do" in found["build"]
    assert f"platforms={' '.join(f'{name}=${name}' for name in MACHINES)}" in found["build"]
    assert "skopeo copy --all --preserve-digests" in found["publish"]
    assert "cosign sign --recursive" in found["publish"]


def test_the_release_signs_attests_and_verifies_image_and_chart() -> None:
    script = "\n".join(step.get("run", "") for step in jobs(FILES[1])["publish"]["steps"])
    for subject in ('"$IMAGE@$IMAGE_DIGEST"', '"$CHARTS/implementation-dag@$CHART_DIGEST"'):
        assert re.search(rf"cosign sign (--recursive )?--yes {re.escape(subject)}", script)
        assert re.search(rf"cosign verify .*{re.escape(subject)}", script)
    assert 'cosign attest --yes --type spdxjson --predicate "runtime-${platform%%=*}.spdx.json"' in script
    provenance = [
        step for step in jobs(FILES[1])["publish"]["steps"] if "attest-build-provenance" in step.get("uses", "")
    ]
    assert len(provenance) == 2
