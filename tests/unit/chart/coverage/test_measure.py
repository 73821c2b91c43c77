"""What is measured of a chart with known branches, keys and holes is exactly that."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from idag.render import RenderError, Suite
from scripts.chart.coverage import page, report
from scripts.chart.coverage.errors import CoverageError
from scripts.chart.coverage.measure import Coverage, measure
from scripts.chart.coverage.part import Part
from scripts.chart.coverage.values import dotted
from tests.unit.chart.coverage.small_chart import small_suite

OLD = 'if semverCompare "<1.33-0" .Capabilities.KubeVersion.Version'

TEMPLATES = {"templates/_helpers.tpl", "templates/object.yaml"}


@dataclass(frozen=True)
class Measured:
    chart: Path
    coverage: Coverage
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Measured once: each mutant is a run of helm."""
    suite = small_suite(tmp_path_factory.mktemp("measured"))
    before = content(suite.chart)
    coverage = measure(suite, tell=lambda message: None, notice=notices_the_unused)
    return Measured(suite.chart, coverage, before, content(suite.chart))


@pytest.fixture
def coverage(measured: Measured) -> Coverage:
    return measured.coverage


def notices_the_unused(changed: Suite) -> str | None:
    text = (changed.chart / "values.yaml").read_text()
    return None if "unused: here\n" in text else "tests/test_unused.py"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_branch_counts_when_a_case_takes_it(coverage: Coverage) -> None:
    """The set of arms and which of them no case takes; a `with` over a section of the values has one arm only."""
    assert {str(branch): branch.number in coverage.reached for branch in coverage.branches} == {
        'templates/_helpers.tpl:2: if eq .Values.mode "small"': True,
        'templates/_helpers.tpl:4: if eq .Values.mode "small": else if eq .Values.mode "medium"': True,
        'templates/_helpers.tpl:6: if eq .Values.mode "small": else': False,
        "templates/_helpers.tpl:11: if .Values.store.bucket": True,
        "templates/_helpers.tpl:11: if .Values.store.bucket: does not hold": True,
        'templates/object.yaml:8: if eq (include "bucketed" .) "yes"': True,
        'templates/object.yaml:10: if eq (include "bucketed" .) "yes": does not hold': True,
        "templates/object.yaml:11: with .Values.store": True,
        "templates/object.yaml:12: if .secret": False,
        "templates/object.yaml:14: if .secret: does not hold": True,
        "templates/object.yaml:16: range .Values.extra": True,
        "templates/object.yaml:18: range .Values.extra: else": True,
        f"templates/object.yaml:21: {OLD}": True,
        f"templates/object.yaml:23: {OLD}: does not hold": True,
    }


def test_a_branch_for_old_clusters_is_taken_by_the_oldest_target(coverage: Coverage) -> None:
    targets = {str(branch): coverage.reached.get(branch.number, "") for branch in coverage.branches}
    assert targets[f"templates/object.yaml:21: {OLD}"].endswith("(helm3_1.31)")


def test_a_key_counts_when_another_value_renders_another_thing(coverage: Coverage) -> None:
    """`name` is given its default, `unused` is rendered nowhere, the map `labels` is one key."""
    assert {dotted(key) for key in coverage.keys} == {"mode", "extra", "store.bucket"}
    assert [dotted(key) for key in coverage.values.keys] == [
        "name",
        "mode",
        "size",
        "labels",
        "extra",
        "store.bucket",
        "store.secret",
        "unused",
    ]


def test_the_survivors_are_the_changes_that_no_case_shows(coverage: Coverage) -> None:
    assert {f"{mutant.file}:{mutant.line}: {mutant.what}" for mutant in coverage.survivors} == {
        # No case is large, and none sets a secret, a name or a size.
        'templates/_helpers.tpl:4: `else if eq .Values.mode "medium"` always holds',
        'templates/_helpers.tpl:6: the else of `if eq .Values.mode "small"` is gone',
        "templates/object.yaml:12: `if .secret` never holds",
        "templates/object.yaml:11: `with .Values.store` is always empty",
        "templates/object.yaml:12: store.secret is fixed at its default here",
        "templates/object.yaml:13: store.secret is fixed at its default here",
        "templates/object.yaml:5: name is fixed at its default here",
        "templates/object.yaml:24: size is fixed at its default here",
        # Only other keys of the section are set by the cases.
        "templates/object.yaml:11: store is fixed at its default here",
        # Rendered nowhere.
        'values.yaml:4: the default of labels is {"other": "other"} instead of {}',
    }


def test_what_the_snapshots_miss_a_test_may_notice(coverage: Coverage) -> None:
    noticed = [mutant.what for mutant, killer in coverage.killed.items() if killer == "tests/test_unused.py"]
    assert noticed == ['the default of unused is "herex" instead of "here"']


@pytest.mark.parametrize(
    ("names", "keys", "mutants"),
    [
        (["templates/_helpers.tpl"], set(), {"templates/_helpers.tpl"}),
        (["templates"], set(), TEMPLATES),
        (["store"], {"store.bucket", "store.secret"}, {"values.yaml", *TEMPLATES}),
        (["size", "labels"], {"size", "labels"}, {"values.yaml", "templates/object.yaml"}),
        (["values.yaml"], set(), {"values.yaml"}),
    ],
)
def test_a_part_is_measured_as_in_the_whole(
    coverage: Coverage, names: list[str], keys: set[str], mutants: set[str]
) -> None:
    part = Part(names)
    assert {dotted(key) for key in part.values(coverage.values).keys} == keys
    chosen = [mutant for mutant in coverage.mutants if part.mutant(mutant)]
    assert {mutant.file for mutant in chosen} == mutants
    assert all(mutant.file in names or mutant.value or "templates" in names for mutant in chosen)


def test_what_a_part_measures_alone_is_what_the_whole_measures_of_it(coverage: Coverage, tmp_path: Path) -> None:
    suite, part = small_suite(tmp_path), Part(["templates/_helpers.tpl"])
    alone = measure(suite, lambda message: None, part=part)
    assert {mutant.what for mutant in alone.survivors} == {
        mutant.what for mutant in coverage.survivors if mutant.file == "templates/_helpers.tpl"
    }
    assert {str(branch) for branch in alone.branches if branch.number not in alone.reached} == {
        'templates/_helpers.tpl:6: if eq .Values.mode "small": else'
    }
    assert alone.figures["value_keys"] == 0


def test_a_part_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match=r"--only has 'template/object.yaml': the chart has no such template"):
        measure(small_suite(tmp_path), lambda message: None, part=Part(["template/object.yaml"]))


def test_the_page_marks_what_is_missed_and_shows_the_change(measured: Measured) -> None:
    text = page.html(measured.coverage, measured.chart)
    assert '<span class=miss title="taken by no case">{{- if .secret }}</span>' in text
    assert "{{- range .Values.extra }}</span>" in text
    assert "-  {{- if .secret }}\n+  {{- if and (.secret) false }}" in text
    assert "<td>store.secret<td class=miss>no case" in text


def test_the_summary_names_what_is_missed(measured: Measured, tmp_path: Path) -> None:
    report.write_summary(measured.coverage, measured.chart, tmp_path / "summary.json")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["value_keys"], summary["value_keys_exercised"]) == (8, 3)
    assert (summary["branches"], summary["branches_exercised"]) == (14, 12)
    assert summary["mutants"] - summary["mutants_killed"] == len(summary["survivors"]) == 10
    assert summary["branches_not_reached"] == [
        'templates/_helpers.tpl:6: if eq .Values.mode "small": else',
        "templates/object.yaml:12: if .secret",
    ]


def test_the_chart_is_left_as_it_was(measured: Measured) -> None:
    assert measured.after == measured.before


def test_a_case_that_cannot_be_rendered_is_told(tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    (suite.chart / "values.yaml").write_text("name: UPPER\n")
    with pytest.raises(RenderError, match="name"):
        measure(suite, tell=lambda message: None)
