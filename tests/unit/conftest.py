"""What every unit test finds, wherever the suite itself runs."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def out_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CI in the environment: the tests that are about CI say so themselves."""
    monkeypatch.delenv("CI", raising=False)
