"""policies/admission is what the chart installs; `make snapshots` writes it."""

import os
from pathlib import Path

import pytest

from scripts.render import helm, snapshot

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "implementation-dag"
FOLDER = ROOT / "policies" / "admission"
KINDS = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def policies(tmp_path: Path, values: str) -> list[helm.Object]:
    path = tmp_path / "values.yaml"
    path.write_text(values)
    return [item for item in helm.template(CHART, path) if item["kind"] in KINDS]


def test_the_standalone_set_is_the_chart_s(tmp_path: Path) -> None:
    found = policies(tmp_path, "policies: {install: always}")
    if os.environ.get("UPDATE_SNAPSHOTS") and not os.environ.get("CI"):
        snapshot.update(found, FOLDER)
    assert not (differences := snapshot.differences(found, FOLDER)), "\n" + "\n".join(differences)


def test_without_a_cluster_that_serves_them_none_are_rendered(tmp_path: Path) -> None:
    assert policies(tmp_path, "policies: {install: auto}") == []


@pytest.mark.parametrize(
    ("mode", "actions"), [("enforce", ["Deny"]), ("warn", ["Warn", "Audit"]), ("audit", ["Audit"])]
)
def test_the_mode_decides_what_a_violation_does(tmp_path: Path, mode: str, actions: list[str]) -> None:
    found = policies(tmp_path, f"policies: {{install: always, mode: {mode}}}")
    bindings = [item for item in found if item["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert len(bindings) == len(found) / 2
    assert all(item["spec"]["validationActions"] == actions for item in bindings)


def test_two_releases_share_no_name_and_no_preview(tmp_path: Path) -> None:
    first = policies(tmp_path, "policies: {install: always}")
    second = policies(tmp_path, "{policies: {install: always}, fullnameOverride: staging}")
    assert not {snapshot.address(item) for item in first} & {snapshot.address(item) for item in second}
    selected = {
        str(item["spec"]["matchResources"]["namespaceSelector"]["matchLabels"].get("implementation-dag.dev/release"))
        for item in second
        if "matchResources" in item["spec"]
    }
    # None: the one that looks at the release namespace.
    assert selected == {"staging", "None"}
