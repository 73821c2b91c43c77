"""The rendered chart is what its snapshots say; `make snapshots` rewrites them after a wanted change."""

import os
from pathlib import Path

import pytest

from scripts.render import helm, snapshot

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "implementation-dag"
FOLDER = Path(__file__).parent
CASES: dict[str, Path | None] = {"default": None} | {path.stem: path for path in (FOLDER / "cases").glob("*.yaml")}


@pytest.mark.parametrize("case", sorted(CASES))
def test_rendered_as_before(case: str) -> None:
    objects = helm.template(CHART, CASES[case])
    folder = FOLDER / "snapshots" / case
    if os.environ.get("UPDATE_SNAPSHOTS") and not os.environ.get("CI"):
        snapshot.update(objects, folder)
    assert not (found := snapshot.differences(objects, folder)), "\n" + "\n".join(found)


@pytest.mark.parametrize("version", ["helm3", "helm4"])
def test_both_helms_render_the_same(version: str) -> None:
    first = {snapshot.address(item): item for item in helm.template(CHART, CASES["reference"])}
    assert {snapshot.address(item): item for item in helm.template(CHART, CASES["reference"], helm=version)} == first


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ("git: {baseUrl: github.com}", "/git/baseUrl"),
        ("agents: {refernce: {}}", "refernce"),
        ("deploy: {helmTimeout: 10}", "/deploy/helmTimeout"),
        ("preview: {ttlHours: soon}", "/preview/ttlHours"),
        ("acceptance: {paths: []}", "/acceptance/paths"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(values)
    with pytest.raises(helm.RenderError, match=named):
        helm.template(CHART, path)
