"""Hostile words come out as text: what a real Markdown parser makes of the comment has the shape of a harmless one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from implementation_dag.forge.model import Annotation, Report, Stage, State, Verdict
from implementation_dag.reporting import agents, comment, reviews
from implementation_dag.reporting.outcome import MOST_STAGES

from .hostile import COMMIT, few, harmless, reports, word

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "report.schema.json").read_text())
# Tables, strikethrough and addresses without brackets, as GitHub and Gitea have them; HTML is let through.
MARKDOWN = MarkdownIt("gfm-like", {"html": True})


def flat(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def shape(text: str) -> list[tuple[str, str, str]]:
    """Return the tokens, without what stands in code, where alone words from outside are."""
    return [
        (token.type, token.tag, "" if token.type in ("code_inline", "fence", "inline") else token.content)
        for token in flat(text)
    ]


def block(text: str) -> dict[str, object]:
    (found,) = [token.content for token in flat(text) if token.type == "fence"]
    read: dict[str, object] = json.loads(found)
    return read


@few
@given(reports())
def test_no_word_is_more_than_text(report: Report) -> None:
    text = comment.body(report, "previews")
    assert shape(text) == shape(comment.body(harmless(report), "previews"))
    for token in flat(text):
        if href := token.attrGet("href"):
            assert re.fullmatch(r"https://evidence\.example\.com/[!-~]*", str(href))
    assert text.startswith(f"{comment.marker('previews')}\n")
    assert text.count("<!--") == 1 + sum(token.content.count("<!--") for token in flat(text) if token.tag == "code")
    assert not {unicodedata.category(one) for one in text.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@few
@given(reports())
def test_agents_read_what_the_schema_says(report: Report) -> None:
    found = block(comment.body(report, "previews"))
    jsonschema.validate(found, SCHEMA)
    assert found["verdict"] == report.verdict
    failed = [stage for stage in report.stages if stage.state is State.FAILED]
    assert len(found["failing"]) == len(failed)  # type: ignore[arg-type]


@few
@given(word, word)
def test_an_answer_says_nothing_but_text(author: str, why: str) -> None:
    assert shape(comment.refusal("previews", 5, author, why)) == shape(comment.refusal("previews", 5, "x", "x"))


@few
@given(reports())
def test_a_review_says_nothing_but_text(report: Report) -> None:
    # Its run is the one name in it that is ours.
    report = replace(report, run="shop-pr-7-1")
    expected = replace(harmless(report), run=report.run)
    assert shape(reviews.body(report, "previews")) == shape(reviews.body(expected, "previews"))


@pytest.mark.parametrize("letter", ["<", "`", "|", "🙂", "&", "\\", "x"])
def test_the_largest_comment_is_small_enough(letter: str) -> None:
    words, there = letter * 100_000, f"https://evidence.example.com/{'&' * 960}"
    stage = Stage(words, State.FAILED, words, evidence=there, annotations=(Annotation(words, 1, words),) * 500)
    report = Report("acme", "shop", 7, COMMIT, Verdict.FAILED, words, words, (stage,) * 50, there, words, there)
    text = comment.body(replace(report, figures=((words, words),) * 100), "previews")
    assert len(text) <= comment.LIMIT
    found = block(text)
    jsonschema.validate(found, SCHEMA)
    assert len(found["failing"]) == MOST_STAGES  # type: ignore[arg-type]


def test_the_schema_names_this_format() -> None:
    assert SCHEMA["properties"]["format"]["const"] == agents.FORMAT
    assert SCHEMA["properties"]["verdict"]["enum"] == list(Verdict)


def test_a_person_reads_stage_figures_links_and_what_can_be_done() -> None:
    stages = (Stage("implement", State.PASSED, "2 commits"), Stage("deploy", State.WAITING))
    report = Report("acme", "shop", 7, COMMIT, Verdict.PASSED, "run-1", stages=stages, expires="tomorrow")
    text = comment.body(replace(report, preview="https://p.example.com", figures=(("p95", "6 ms"),)), "previews")
    assert "### ✅ passed\n" in text
    assert "[preview](<https://p.example.com>)" in text
    assert "| ✅ | `implement` | `2 commits` |" in text
    assert "| ➖ | `deploy` | `omitted` |" in text
    assert "| `p95` | `6 ms` |" in text
    assert "The preview stays until `tomorrow`. Longer: comment `/preview extend 24h`." in text
    assert "/preview stop" not in comment.body(report, "previews")
