"""`python -m scripts.repository_settings` says what the pipeline would say of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.repository_settings import main

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    ROOT / "examples" / "podinfo" / ".implementation-dag.yaml",
    ROOT / "examples/changes/implementation-dag.yaml",
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_good_by_the_chart_s_own_values(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(path)]) == 0
    assert "sets chartPath, valuesFiles, set, healthPath, paths" in capsys.readouterr().out


def test_the_operator_s_values_bound_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("repositories: {settings: [limits]}\ndefaults: {maxP95Ms: 400}\n")
    assert main([str(EXAMPLES[1]), "--values", str(values)]) == 1
    told = capsys.readouterr().err
    assert "chartPath, valuesFiles, set, healthPath, paths, requiredStages: not for a repository to say here" in told
    assert "limits.maxP95Ms is 1000: must be at most 400, value defaults.maxP95Ms" in told


def test_a_file_that_is_not_there_ends_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err == f"repository-settings: {tmp_path / 'x'}: No such file or directory\n"
