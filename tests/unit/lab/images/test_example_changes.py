"""Each prepared change of examples/changes applies to the shop and does what its scenario needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.lab.images.checkout import CHANGES, git, run_python
from tests.unit.lab.images.conftest import Checkouts

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
RUFF = ("-m", "ruff", "check", "--no-cache", ".")
FORMATTED = ("-m", "ruff", "format", "--no-cache", "--check", ".")
HOME_SECONDS = "import time; from shop import pages; t = time.monotonic(); pages.home(''); print(time.monotonic() - t)"


@pytest.fixture
def checkout(make_checkout: Checkouts, tmp_path: Path) -> Path:
    return make_checkout(tmp_path)


def apply(checkout: Path, name: str) -> None:
    git(checkout, "apply", str(CHANGES / f"{name}.patch"))


def test_the_shop_itself_passes_its_checks(checkout: Path) -> None:
    for command in (PYTEST, RUFF, FORMATTED):
        done = run_python(checkout, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_change_is_known_to_these_tests() -> None:
    assert {path.stem for path in CHANGES.glob("*.patch")} == {"discount", "unformatted", "tests-fail", "slow"}


@pytest.mark.parametrize(
    ("name", "tests_pass", "lint_clean", "formatted"),
    [
        ("discount", True, True, True),
        ("unformatted", True, False, False),
    ],
)
def test_change(checkout: Path, name: str, tests_pass: bool, lint_clean: bool, formatted: bool) -> None:
    apply(checkout, name)
    observed = [run_python(checkout, *command).returncode == 0 for command in (PYTEST, RUFF, FORMATTED)]
    assert observed == [tests_pass, lint_clean, formatted]


def test_tests_fail_breaks_tests_that_the_shop_already_had_and_nothing_else(checkout: Path) -> None:
    apply(checkout, "tests-fail")
    assert git(checkout, "status", "--porcelain", "tests") == ""
    tests, *others = (run_python(checkout, *command) for command in (PYTEST, RUFF, FORMATTED))
    assert "FAILED tests/test_quote.py::test_total_is_price_times_quantity" in tests.stdout
    assert [done.returncode for done in (tests, *others)] == [1, 0, 0]


def test_slow_makes_home_slower_than_the_limit_of_1200_ms_and_passes_the_checks(checkout: Path) -> None:
    apply(checkout, "slow")
    for command in (RUFF, FORMATTED):
        assert run_python(checkout, *command).returncode == 0
    done = run_python(checkout / "src", "-c", HOME_SECONDS)
    assert 1.2 < float(done.stdout) < 5, done.stderr
