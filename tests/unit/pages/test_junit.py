"""Tests are read from JUnit's XML, the failed ones first; what is none gives none."""

from pathlib import Path

import pytest

from implementation_dag.pages.junit import Case, read


def test_failed_tests_come_first(tmp_path: Path) -> None:
    file = tmp_path / "test-results.xml"
    file.write_text(
        '<testsuites><testsuite><testcase classname="a" name="good" time="0.5"/>'
        '<testcase name="left"><skipped/></testcase>'
        '<testcase name="bad" time="nan"><failure message="m">words</failure></testcase>'
        '<testcase name="broken" time="x"><error message="m"/></testcase></testsuite></testsuites>'
    )
    found = read(file)
    assert found.cases == (
        Case("bad", "failed", None, "words"),
        Case("broken", "failed", None, "m"),
        Case("left", "skipped", None, ""),
        Case("a::good", "passed", 0.5, ""),
    )
    assert (found.counts["passed"], found.counts["failed"], found.counts["skipped"]) == (1, 2, 1)


BOMB = '<!DOCTYPE x [<!ENTITY a "x"><!ENTITY b SYSTEM "file:///etc/passwd">]><s><testcase name="y">&b;</testcase></s>'


@pytest.mark.parametrize("content", ["", "<", "<a></b>", "\x00", BOMB, '<!DOCTYPE x><s a="1" a="2"/>'])
def test_what_is_no_junit_has_no_tests(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content)
    assert read(tmp_path / "x").cases == ()
