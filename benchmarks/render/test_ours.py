"""The assertions as tests of our harness: one test an assertion and target."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.render.assertions import Assertion, read
from idag.render import NEWEST, TARGETS, Cache, Objects, Target
from scripts.chart.render.project import SUITE

ASSERTIONS = read()
SOME = [NEWEST] if os.environ.get("BENCH_TARGETS") == "newest" else list(TARGETS)


Rendered = dict[tuple[str, Target], Objects]


@pytest.fixture(scope="session")
def rendered() -> Rendered:
    """The matrix, with a cache of the benchmark's own and on all processors."""
    suite = replace(SUITE, cache=Cache(Path(os.environ["BENCH_CACHE"])))
    renders = suite.renders({assertion.case for assertion in ASSERTIONS}, SOME)
    return {(render.case.name, render.target): render.objects for render in renders}


@pytest.mark.parametrize("target", SOME, ids=str)
@pytest.mark.parametrize("assertion", ASSERTIONS, ids=lambda assertion: assertion.name)
def test_holds(assertion: Assertion, target: Target, rendered: Rendered) -> None:
    assert assertion.fault(rendered[assertion.case, target][assertion.object].data) is None
