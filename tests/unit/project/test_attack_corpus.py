"""The attack corpus as it is read, and what counts as shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.e2e.isolation.attacks import corpus, proofs

GOOD: dict[str, object] = {"name": "chart-x", "about": "all", "layer": "rbac", "refused": "no", "chart": "{}"}


def load(folder: Path, *documents: dict[str, object]) -> list[corpus.Case]:
    path = folder / "attacks.yaml"
    path.write_text(yaml.safe_dump(list(documents)))
    return corpus.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": "luck"}, "chart-x: layer 'luck', allowed: "),
        ({"without": ["admission", "rbac"]}, "chart-x: `without` must begin with the case's own layer 'rbac'"),
        ({"without": ["rbac", "luck"]}, "chart-x: layer 'luck'"),
        ({"trough": "x"}, "chart-x: unknown trough"),
        ({"pod": {}}, "chart-x: must have exactly one of"),
    ],
)
def test_a_wrong_case_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(tmp_path, GOOD | change)


def test_a_case_says_what_is_taken_out(tmp_path: Path) -> None:
    plain, more, allowed = load(
        tmp_path,
        GOOD,
        GOOD | {"name": "chart-y", "without": ["rbac", "admission"]},
        GOOD | {"name": "chart-z", "allowed": "# less"},
    )
    assert plain.without == ("rbac",)
    assert more.without == ("rbac", "admission")
    assert allowed.without == ()


def test_an_allowed_measure_has_a_preview_of_its_own(tmp_path: Path) -> None:
    plain, less, other = load(
        tmp_path,
        GOOD,
        GOOD | {"name": "chart-y", "allowed": "# less", "timeout": "60s"},
        GOOD | {"name": "chart-z", "allowed": {"given": "# less", "options": {"holder": "x"}}, "timeout": "60s"},
    )
    assert proofs.measured(plain) == plain
    measured = [proofs.measured(less), proofs.measured(other)]
    assert [case.given for case in measured] == ["# less", "# less"]
    assert [case.options for case in measured] == [{"timeout": "60s", "own": True}, {"holder": "x", "own": True}]


def test_a_proof_counts_until_the_case_changes(tmp_path: Path) -> None:
    path = tmp_path / "proven.yaml"
    (case,) = cases = load(tmp_path, GOOD)
    assert proofs.proven(cases, path) == set()
    proofs.write([proofs.Proof(case, True, ("rbac",), "Completed")], cases, path)
    assert proofs.proven(cases, path) == {"chart-x"}
    assert proofs.proven(load(tmp_path, GOOD | {"about": "told better"}), path) == {"chart-x"}
    assert proofs.proven(load(tmp_path, GOOD | {"refused": "never"}), path) == set()


def test_what_no_longer_gets_through_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "proven.yaml"
    (case,) = cases = load(tmp_path, GOOD)
    proofs.write([proofs.Proof(case, True, ("rbac",), "Completed", ("held by admission",))], cases, path)
    assert yaml.safe_load(path.read_text())["chart-x"]["held"] == ["held by admission"]
    proofs.write([proofs.Proof(case, False, ("rbac",), "still refused")], cases, path)
    assert proofs.proven(cases, path) == set()


def test_what_is_committed_belongs_to_the_corpus() -> None:
    shown = yaml.safe_load(proofs.FILE.read_text())
    cases = {case.name: case for case in corpus.load()}
    assert shown.keys() <= cases.keys()
    for name, proof in shown.items():
        assert proof["without"] == list(cases[name].without[: len(proof["without"])]), name
