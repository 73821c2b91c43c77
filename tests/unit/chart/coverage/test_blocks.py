"""Actions are found and nested as Go's text/template does it."""

import re
from pathlib import Path

import pytest

from idag.yaml_reader import load
from scripts.chart.coverage.actions import TemplateError, scan
from scripts.chart.coverage.blocks import parse
from scripts.chart.coverage.branches import branches
from scripts.chart.coverage.defaults import default_mutants
from scripts.chart.coverage.mutants import template_mutants
from scripts.chart.coverage.values import Values, read


def test_strings_comments_and_trim_marks_do_not_end_an_action() -> None:
    text = (
        """a {{- "}}" | quote -}} {{/* "{{ if */}} {{- if `{{` }}x"""
        """{{ else if eq "a\\"}}" .b }}{{ end -}} {{ include "x" . }}"""
    )
    found = [(action.keyword, action.pipeline, action.trims_left) for action in scan(text, "t")]
    assert found == [
        ("", '"}}" | quote', True),
        ("", "", False),
        ("if", "`{{`", True),
        ("else if", 'eq "a\\"}}" .b', False),
        ("end", "", False),
        ("", 'include "x" .', False),
    ]
    for action in scan(text, "t"):
        assert text[action.at :].startswith(action.pipeline)


def test_a_field_that_is_called_like_a_keyword_is_no_keyword() -> None:
    assert [action.keyword for action in scan("{{ .end }}{{ $if }}{{ rangeOf . }}{{ end.x }}", "t")] == ["", "", "", ""]


def test_arms_and_parents() -> None:
    template = parse(
        "t", "{{ with .a }}1{{ if .b }}2{{ else if .c }}3{{ end }}4{{ else }}5{{ end }}{{ range .d }}6{{ end }}"
    )
    texts = [[template.text[arm.start : arm.end] for arm in block.arms] for block in template.blocks]
    assert texts == [["1{{ if .b }}2{{ else if .c }}3{{ end }}4", "5"], ["2", "3", ""], ["6"]]
    assert [block.parent.keyword if block.parent else None for block in template.blocks] == [None, "with", None]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("\n{{ if .a }}", "t:2: 'if' has no end"),
        ("{{ end }}", "t:1: 'end' belongs to no block"),
        ("{{ else }}", "t:1: 'else' belongs to no block"),
        ('{{ "a }}', "t:1: the action has no end"),
    ],
)
def test_a_template_that_is_not_balanced_is_told_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(TemplateError, match=fault):
        parse("t", text)


def test_what_a_cluster_decides_no_case_has_to_show() -> None:
    text = '{{ define "x.lookup" }}{{ range .a }}{{ if .b }}{{ end }}{{ end }}{{ end }}'
    text += '{{ define "x" }}{{ if .c }}{{ end }}{{ end }}'
    found = branches([parse("t", text)], Values({}, {}, (), frozenset()))
    assert [str(branch) for branch in found] == ["t:1: if .c", "t:1: if .c: does not hold"]


@pytest.mark.parametrize(
    ("text", "keyword"),
    [("{{- with.Values.a }}x{{ end }}", "with"), ("{{if.Values.a}}x{{else if.Values.b}}y{{end}}", "if")],
)
def test_a_keyword_may_touch_what_it_looks_at(text: str, keyword: str) -> None:
    template = parse("t", text)
    assert [block.keyword for block in template.blocks] == [keyword]
    values = Values({"a": 1, "b": 2}, {}, (("a",), ("b",)), frozenset())
    for mutant in template_mutants(template, values):
        assert not re.search("(if|with)(and|or)", mutant.text)
        parse("t", mutant.text)


VALUES = """\
list:
- a
- b
port: &port 80
same: *port
nested: &all {one: 1, two: [x]}
merged:
  <<: *all
  own: text
late:   # a comment
  here
empty:
"""


def test_each_default_is_replaced_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(VALUES, encoding="utf-8")
    values = read(tmp_path)
    changed = {mutant.line: load(mutant.text) for mutant in default_mutants(values, VALUES)}
    before = load(VALUES)
    # The lines of list, port, one and two, own, here, empty: where something is written, never at an alias.
    assert sorted(changed) == [2, 4, 6, 9, 11, 12]
    assert all(after != before and after.keys() == before.keys() for after in changed.values())
    assert changed[2]["list"] == ["a"]
    assert changed[4]["port"] == changed[4]["same"] == 81
