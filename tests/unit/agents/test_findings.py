"""What agents' own reports say of places in the code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from implementation_dag.agents import findings
from implementation_dag.agents.evidence import APART_FOLDER

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_shop" name="test_ok"/>
<testcase classname="tests.test_shop" name="test_price"><failure message="assert 1 == 2&#10;more"/></testcase>
<testcase file="tests/test_cart.py" line="7" classname="x" name="test_cart"><error>boom
here</error></testcase></testsuite></testsuites>"""
ONE = {"file": "src/shop.py", "line": 3, "code": "F401", "message": "unused import"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qa").mkdir()
    (tmp_path / APART_FOLDER).mkdir()
    return tmp_path / "qa"


def junit(folder: Path, text: str) -> None:
    (folder.parent / APART_FOLDER / "test-results").write_text(text)


def test_violations_that_remain_and_tests_that_fail_are_found(folder: Path) -> None:
    (folder / "report.json").write_text(json.dumps({"found": [{}], "remaining": [ONE]}))
    junit(folder, JUNIT)
    assert findings.of(folder) == [
        ("src/shop.py", 3, "F401 unused import"),
        ("tests/test_shop.py", 1, "test_price: assert 1 == 2"),
        ("tests/test_cart.py", 7, "test_cart: boom"),
    ]


@pytest.mark.parametrize(
    "change", [{"file": "/etc/passwd"}, {"file": "../x"}, {"file": ""}, {"line": 0}, {"line": True}]
)
def test_what_is_no_place_of_the_repository_is_left_out(folder: Path, change: dict[str, object]) -> None:
    (folder / "report.json").write_text(json.dumps({"remaining": [ONE | change, ONE]}))
    assert findings.of(folder) == [("src/shop.py", 3, "F401 unused import")]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"remaining": 1}', '{"remaining": [1]}', '{"remaining": [{}]}', "[" * 9999]
)
def test_a_report_of_another_shape_says_nothing(folder: Path, text: str) -> None:
    (folder / "report.json").write_text(text)
    junit(folder, text)
    assert findings.of(folder) == []


def test_entities_that_grow_without_end_are_refused(folder: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(10))
    junit(folder, f"<!DOCTYPE x [{entities}]><x>&e9;</x>")
    assert findings.of(folder) == []


def test_a_link_and_a_file_that_is_too_long_are_not_read(folder: Path) -> None:
    (folder / "report.json").symlink_to(folder / "other.json")
    (folder / "other.json").write_text(json.dumps({"remaining": [ONE]}))
    assert findings.of(folder) == []
    (folder / "report.json").unlink()
    (folder / "report.json").write_text(json.dumps({"remaining": [ONE], "x": " " * findings.SIZE_LIMIT}))
    assert findings.of(folder) == []
