"""Only one demo at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.lab.errors import NotStarted
from scripts.lab.stand.alone import alone


def test_a_second_demo_is_told_the_first_ones_pid(tmp_path: Path) -> None:
    path = tmp_path / "demo.lock"
    with alone(path), pytest.raises(NotStarted, match=f"pid {os.getpid()}"), alone(path):
        raise AssertionError("both hold the lock")
    with alone(path):
        assert path.read_text() == f"{os.getpid()}\n"
