"""Reports whose every word comes from a hostile pull request."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from implementation_dag.forge.model import Annotation, Report, Stage, State, Verdict

COMMIT = "c" * 40
_FRAGMENTS = (
    "`", "``", "```\n", "~~~", "|", "\\|", "\\", "\n", "\r\n\r\n", "\u2028", "# ", "> ", "- ", "1. ", "    ", "---\n",
    "<b>", "</details>", "<script>", "<!--", "-->", "<!-- implementation-dag release=previews -->", "&lt;", "&#64;",
    "@octocat", "@acme/owners", "#1", "acme/shop#1", "GH-1", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "https://evil.example.com", "www.evil.example.com", "a@evil.example.com", "![x](https://evil.example.com/x.png)",
    "[x](javascript:alert(1))", "[x]: https://evil.example.com", "**", "__", "~~", "$x$", ":+1:", '"', "}", "]",
    "\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x1b[31m", "\ud800", "é", "漢", "🙂", " ",
)  # fmt: skip
text = st.lists(st.sampled_from(_FRAGMENTS) | st.text(max_size=8), max_size=6).map("".join)
# What is empty is left out, which is another shape.
word = text.map("x{}".format)
address = text.map("https://evidence.example.com/{}".format)

# A report is large, and a busy machine says nothing of it.
few = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def reports(draw: st.DrawFn) -> Report:
    stages = st.builds(
        Stage,
        name=word,
        state=st.sampled_from(State),
        sentence=word,
        evidence=address,
        annotations=st.lists(st.builds(Annotation, path=word, line=st.integers(-1, 99), message=word), max_size=3).map(
            tuple
        ),
    )
    return Report(
        "acme",
        "shop",
        7,
        COMMIT,
        draw(st.sampled_from(Verdict)),
        run=draw(word),
        reason=draw(word),
        stages=tuple(draw(st.lists(stages, max_size=4))),
        preview=draw(address),
        expires=draw(word),
        evidence=draw(address),
        page=draw(address),
        runs=draw(address),
        figures=tuple(draw(st.lists(st.tuples(word, word), max_size=3))),
    )


def harmless(report: Report) -> Report:
    """Return a report of the same shape without a hostile word."""
    there = "https://evidence.example.com/x"
    return replace(
        report,
        run="x",
        reason="x",
        preview=there,
        expires="x",
        evidence=there,
        page=there,
        runs=there,
        stages=tuple(
            replace(
                stage,
                name="x",
                sentence="x",
                evidence=there,
                annotations=tuple(Annotation("x", 1, "x") for _ in stage.annotations),
            )
            for stage in report.stages
        ),
        figures=tuple(("x", "x") for _ in report.figures),
    )
