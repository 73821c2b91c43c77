"""The controllers' time is that of the one clock."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from implementation_dag.base import moments, wait


def test_it_is_the_clock_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "CLOCK", SimpleNamespace(time=lambda: 86400.0, monotonic=lambda: 7.0))
    assert moments.now() == datetime(1970, 1, 2, tzinfo=UTC)
    assert moments.passed() == 7.0


def test_the_clock_is_the_wall_s_unless_somebody_puts_in_another() -> None:
    before = datetime.now(UTC)
    assert before <= moments.now() <= datetime.now(UTC)
    first = moments.passed()
    assert moments.passed() >= first


def test_what_the_api_server_writes_is_read_and_written_alike() -> None:
    assert moments.read("2026-11-30T16:00:00Z") == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert moments.stamp(moments.read("2026-11-30T16:00:00Z")) == "2026-11-30T16:00:00Z"
