"""The reference agents keep the agent contract: evidence files, exit codes, what they change."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.lab.images.checkout import AGENTS, CHANGES, git, run_python
from tests.unit.lab.images.conftest import Checkouts


@pytest.fixture
def checkout(make_checkout: Checkouts, tmp_path: Path) -> Path:
    return make_checkout(tmp_path)


def agent(name: str, checkout: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    evidence = checkout.parent / "evidence" / name
    return run_python(checkout, AGENTS / f"{name}.py", evidence=evidence), evidence


def prepare(checkout: Path, change: str) -> None:
    (checkout / ".agents").mkdir()
    shutil.copyfile(CHANGES / f"{change}.patch", checkout / ".agents" / "change.patch")


def test_rex_applies_the_change_removes_it_and_keeps_the_log(checkout: Path) -> None:
    prepare(checkout, "discount")
    done, evidence = agent("rex", checkout)
    assert done.returncode == 0, done.stderr
    assert (checkout / "src/shop/discount.py").is_file()
    assert not (checkout / ".agents").exists()
    assert "21 passed" in (evidence / "tests.log").read_text()


def test_rex_without_a_change_changes_nothing(checkout: Path) -> None:
    done, evidence = agent("rex", checkout)
    assert done.returncode == 0, done.stderr
    assert git(checkout, "status", "--porcelain") == ""
    assert "17 passed" in (evidence / "tests.log").read_text()


def test_rex_leaves_failing_tests_to_qa_but_logs_them(checkout: Path) -> None:
    prepare(checkout, "tests-fail")
    done, evidence = agent("rex", checkout)
    assert done.returncode == 0, done.stderr
    assert "pytest ended with exit code 1" in (evidence / "tests.log").read_text()


def test_rex_fails_when_the_change_does_not_apply(checkout: Path) -> None:
    prepare(checkout, "discount")
    (checkout / "src/shop/quote.py").write_text("")
    done, _ = agent("rex", checkout)
    assert done.returncode == 1
    assert "does not apply" in done.stderr


def test_clippy_fixes_and_reports(checkout: Path) -> None:
    git(checkout, "apply", str(CHANGES / "unformatted.patch"))
    done, evidence = agent("clippy", checkout)
    assert done.returncode == 0, done.stderr
    report = json.loads((evidence / "report.json").read_text())
    assert report["violations_before"] > 0
    assert report["violations_after"] == 0
    assert report["files_changed"] == ["src/shop/discount.py", "src/shop/quote.py"]
    assert "F401" in {item["code"] for item in report["found"]}


def test_clippy_changes_nothing_in_clean_code(checkout: Path) -> None:
    done, evidence = agent("clippy", checkout)
    assert done.returncode == 0, done.stderr
    assert json.loads((evidence / "report.json").read_text())["files_changed"] == []
    assert git(checkout, "status", "--porcelain") == ""


def test_clippy_fails_on_what_it_cannot_fix_and_names_it(checkout: Path) -> None:
    (checkout / "src/shop/broken.py").write_text("print(undefined)\n")
    done, evidence = agent("clippy", checkout)
    assert done.returncode == 1
    assert "src/shop/broken.py:1: F821" in done.stderr
    assert json.loads((evidence / "report.json").read_text())["violations_after"] == 1


def test_qa_writes_results_coverage_and_durations(checkout: Path) -> None:
    done, evidence = agent("qa", checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (evidence / "test-results.xml").read_text().count("<testcase ") == 17
    performance = json.loads((evidence / "performance.json").read_text())
    assert performance["tests"] == 17
    assert 0 < performance["total_seconds"] <= performance["wall_seconds"]
    page = (evidence / "coverage.html").read_text()
    assert "src/shop/quote.py" in page
    assert 'class="missed"' in page
    assert "src=" not in page.replace("src/", "")
    assert git(checkout, "status", "--porcelain") == ""


def test_qa_fails_with_evidence_when_a_test_fails(checkout: Path) -> None:
    git(checkout, "apply", str(CHANGES / "tests-fail.patch"))
    done, evidence = agent("qa", checkout)
    assert done.returncode == 1
    assert "<failure " in (evidence / "test-results.xml").read_text()
    assert {path.name for path in evidence.iterdir()} == {"test-results.xml", "coverage.html", "performance.json"}
