"""Decisions have one form, and the index lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import decisions


def test_the_index_is_up_to_date() -> None:
    page = (decisions.FOLDER / "README.md").read_text(encoding="utf-8")
    assert page == decisions.index(), "run `make generate`"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "# 0007: Old form\n\nText.\n",
            "0007-a.md starts with '# 0007: Old form'; a decision starts with '# 7. TITLE'",
        ),
        ("# 8. Other number\n\nText.\n", "starts with '# 8. Other number'"),
        ("# 7. Title\n\n*No longer so: [decision 9](0009-gone.md).*\n", "replaced by 0009-gone.md, which is not there"),
    ],
)
def test_another_form_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "0007-a.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(told)):
        decisions.read(path)


def test_a_replaced_decision_says_by_which(tmp_path: Path) -> None:
    (tmp_path / "0001-a.md").write_text("# 1. Old\n\n*No longer so: [decision 2](0002-b.md).*\n\nText.\n")
    (tmp_path / "0002-b.md").write_text("# 2. New\n\nText.\n")
    page = decisions.index(tmp_path)
    assert page.endswith("| 1 | [Old](0001-a.md) | replaced by 2 |\n| 2 | [New](0002-b.md) | in force |\n")
