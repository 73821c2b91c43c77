"""Each prepared change of examples/changes applies to the shop and does what its scenario needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.images.checkout import CHANGES, git, make_checkout, run_python

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
RUFF = ("-m", "ruff", "check", "--no-cache", ".")
FORMATTED = ("-m", "ruff", "format", "--no-cache", "--check", ".")
HOME_SECONDS = "import time; from shop import pages; t = time.monotonic(); pages.home(''); print(time.monotonic() - t)"


def changed(tmp_path: Path, name: str) -> Path:
    checkout = make_checkout(tmp_path)
    git(checkout, "apply", str(CHANGES / f"{name}.patch"))
    return checkout


def test_the_shop_itself_passes_its_checks(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
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
        ("tests-fail", False, True, True),
    ],
)
def test_change(tmp_path: Path, name: str, tests_pass: bool, lint_clean: bool, formatted: bool) -> None:
    checkout = changed(tmp_path, name)
    observed = [run_python(checkout, *command).returncode == 0 for command in (PYTEST, RUFF, FORMATTED)]
    assert observed == [tests_pass, lint_clean, formatted]


def test_tests_fail_breaks_tests_that_the_shop_already_had(tmp_path: Path) -> None:
    checkout = changed(tmp_path, "tests-fail")
    assert git(checkout, "status", "--porcelain", "tests") == ""
    assert "FAILED tests/test_quote.py::test_total_is_price_times_quantity" in run_python(checkout, *PYTEST).stdout


def test_slow_makes_home_slower_than_the_limit_of_1200_ms_and_passes_the_checks(tmp_path: Path) -> None:
    checkout = changed(tmp_path, "slow")
    for command in (RUFF, FORMATTED):
        assert run_python(checkout, *command).returncode == 0
    done = run_python(checkout / "src", "-c", HOME_SECONDS)
    assert 1.2 < float(done.stdout) < 5, done.stderr
