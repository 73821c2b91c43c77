"""The values under refused/ are refused, each with the text that it names."""

from pathlib import Path

import pytest

from idag.render import Suite
from scripts.chart.coverage.refusals import Refusal, read

REFUSALS = read(Path(__file__).parent / "refused")


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.case.name)
def test_refused(refusal: Refusal, suite: Suite) -> None:
    assert refusal.told in str(refusal.error(suite))
