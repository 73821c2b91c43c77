"""Each output parameter is a file of its own, as it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from implementation_dag.base import outputs


def test_each_parameter_is_a_file_with_its_value_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"NS": "impl-pr-7", "BRANCH": "", "WORDS": "two\nlines, ünd more"}
    monkeypatch.setenv("OUTPUTS", str(tmp_path / "made" / "on the way"))
    outputs.write({"NS": "of an earlier try"})
    outputs.write(given)
    folder = tmp_path / "made" / "on the way"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == given
