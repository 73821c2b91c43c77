"""What the API server takes for a moment, we can read: what we could not it refuses, and names the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from implementation_dag.base import moments

CRDS = sorted((Path(__file__).parents[3] / "charts" / "implementation-dag" / "crds").glob("*s.yaml"))


def formats(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas of all moments."""
    if isinstance(schema, dict):
        if schema.get("format") == "date-time":
            yield schema
        for inner in schema.values():
            yield from formats(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from formats(inner)


FOUND = [schema["pattern"] for path in CRDS for schema in formats(yaml.safe_load(path.read_text()))]
PATTERN = FOUND[0]


def test_all_moments_are_written_alike() -> None:
    assert len(FOUND) >= 4
    assert set(FOUND) == {PATTERN}


@given(st.from_regex(PATTERN, fullmatch=True))
def test_what_is_taken_can_be_read_and_compared(text: str) -> None:
    # What is no day of its month the API server refuses by the format.
    date = text.partition("T")[0]
    try:
        datetime.fromisoformat(date)
    except ValueError:
        assume(False)
    found = moments.read(text)
    assert (found <= datetime.now(UTC)) or moments.stamp(found)


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(2999, 1, 1)))
def test_what_we_write_is_taken(moment: datetime) -> None:
    assert re.search(PATTERN, moments.stamp(moment))


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01t00:00:00z",
        "2026-12-01T23:59:60Z",
        "2026-12-01T24:00:00Z",
        "99999-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-12-01 00:00:00Z",
        "2026-12-01T00:00:00",
        "2026-12-01",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    assert not re.search(PATTERN, text)
