"""Actions are found and nested as Go's text/template does it."""

import pytest

from scripts.chart_coverage.actions import TemplateError, scan
from scripts.chart_coverage.blocks import parse
from scripts.chart_coverage.branches import branches
from scripts.chart_coverage.values import Values


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
