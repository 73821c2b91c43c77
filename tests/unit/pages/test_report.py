"""The report says first what failed, is valid HTML, and nothing of the evidence is anything but text in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tempfile
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.pages import report

from . import example, parsed

FAILING = tuple(example.MESSAGES)


def made(told: RunStatus, files: dict[str, str], links: bool = True) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = example.write(Path(name), files)
        index = example.index(told, folder) | {
            "usage": {"cost": {"amount": 0.0123, "preview_hourly": 0.02, "currency": "EUR"}}
        }
        return report.build(index, folder, compared=True, links=links)


def of(failed: str = "") -> str:
    return made(example.status(failed), example.files(failed))


@cache
def ours() -> frozenset[parsed.Kind]:
    """Every kind of element that our templates write."""
    odd = example.files() | {"qa/test-results.xml": "<s><testcase><skipped/></testcase></s>"}
    odd |= {"rex/changes.diff": "x\n" * 900, "acceptance/report.json": json.dumps({"hosts": [{"host": "x"}] * 40})}
    noted = replace(example.status(), notes=("x",), verdicts={})
    long = example.files("qa-testing") | {"rex/changes.diff": "x\n" * 100, "rex/tests.log": "x"}
    told = replace(example.status("qa-testing"), failures={task: "" for task in FAILING})
    pages = [*map(of, ("", *FAILING)), made(noted, odd), made(told, long | example.files("acceptance"))]
    return frozenset().union(*(parsed.kinds(parsed.parse(page)) for page in pages))


def test_a_good_run() -> None:
    root = parsed.parse(of())
    head = parsed.words(root)
    assert "acme/shop#7 passed" in head
    assert "0.012 EUR, its preview 0.020 EUR an hour" in head
    assert parsed.section(root, "failures") == ""
    assert "acceptance passed 19 s" in parsed.section(root, "stages")
    figures = parsed.section(root, "acceptance")
    assert "answered well 60 of 60 at least 95 % passed p50 35 ms p95 120 ms at most 400 ms passed" in figures
    assert "limit 400 ms" in figures
    assert parsed.section(root, "tests").startswith("Tests 41 passed, 0 failed, 0 skipped.")
    assert "return sum(cart)" in parsed.section(root, "changes")
    assert {"./index.json", "./qa/performance.json", f"https://{example.HOST}"} <= set(parsed.addresses(root))


@pytest.mark.parametrize("failed", FAILING)
def test_what_failed_comes_first(failed: str) -> None:
    root = parsed.parse(of(failed))
    first = next(root.iter("section"))
    assert first.get("aria-labelledby") == "failures"
    told = parsed.section(root, "failures")
    assert told.startswith(f"What failed {failed} {example.MESSAGES[failed]}")
    more = {
        "clippy-format": "shop/cart.py:12 F821 Undefined name `tax`",
        "qa-testing": "tests/test_cart.py:1 test_0: assert 30 == 36",
        "deploy": "helm-status.txt STATUS: failed",
        "acceptance": "all requests: p95 is 671 ms, at most 400 ms is allowed",
    }
    assert more.get(failed, "") in told
    after = [one.task for one in _after(failed)]
    assert all(f"{task} did not run –" in parsed.section(root, "stages") for task in after)


def _after(failed: str) -> list[report.stages.Stage]:
    verdicts = example.status(failed).verdicts
    return [one for one in report.stages.STAGES if verdicts[one.task] == "Omitted"]


def test_figures_stand_beside_the_limits_that_they_do_not_hold() -> None:
    told = parsed.section(parsed.parse(of("acceptance")), "acceptance")
    assert "answered well 58 of 60 at least 95 % passed p50 356 ms p95 671 ms at most 400 ms failed p99" in told


def test_where_an_address_opens_one_file_there_is_no_link_to_another() -> None:
    root = parsed.parse(made(example.status(), example.files(), links=False))
    assert parsed.addresses(root) == [f"https://{example.HOST}"]
    assert "idag evidence acme/shop#7 --download FOLDER fetches" in parsed.section(root, "files")


def test_of_a_page_that_a_browser_would_run_there_is_no_link() -> None:
    root = parsed.parse(of())
    assert "qa/coverage.html" in parsed.section(root, "files")
    assert not [one for one in parsed.addresses(root) if one.endswith((".html", ".xml")) and one != "../runs.html"]


def test_the_policy_allows_the_one_style_alone() -> None:
    page = of()
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in page
    assert "url(" not in style[0] and "@import" not in style[0]


def test_a_run_of_which_nothing_is_known_has_a_page() -> None:
    told = RunStatus("Error", parameters={"owner": "{{=1}}", "pr": "x"}, notes=("cannot read Workflow x",))
    root = parsed.parse(made(told, {}))
    assert parsed.section(root, "notes") == "What could not be read cannot read Workflow x"
    assert "acceptance unknown –" in parsed.section(root, "stages")


def test_huge_evidence_gives_a_page_that_can_be_read() -> None:
    case = '<testcase classname="t" name="x"><failure message="m">{}</failure></testcase>'.format("y" * 2000)
    violation = {"file": "a.py", "line": 1, "code": "E1", "message": "m" * 5000}
    files = {
        "qa/test-results.xml": f"<s>{case * 1500}</s>",
        "clippy/report.json": json.dumps({"remaining": [violation] * 700}),
        "rex/changes.diff": ("+" + "z" * 3000 + "\n") * 5000,
        "deploy/helm-status.txt": "w" * 10_000_000,
        "acceptance/report.json": json.dumps({"hosts": [{"host": "h" * 500}] * 5000, "reasons": ["r" * 900] * 900}),
        "acceptance/requests.jsonl": (json.dumps({"ok": True, "latency_ms": 7, "began": "x"}) + "\n") * 50_000,
        **{f"rex/{at}.txt": "" for at in range(3000)},
    }
    told = replace(example.status("deploy"), failures={task: "f" * 2000 for task in FAILING})
    page = made(told, files)
    assert len(page) < 500_000
    root = parsed.parse(page)
    assert "Each point is the slowest of up to 167 requests." in parsed.section(root, "acceptance")
    assert "and 600 more" in parsed.section(root, "failures")


FRAGMENTS = (
    "<script>x</script>", "</pre>", "</style>", "</title>", "<!--", "-->", "]]>", "<svg onload=x>", '"', "'", "&",
    "&lt;", "{{ 1 }}", "{% raw %}", "javascript:x", "https://evil.example.com", "\u202e", "\u200b", "\x00", "\x1b[31m",
    "\ufffe", "\ud800", "\r", "\n", "+", "-", "@@", "é", "漢", "🙂", " ", "<img src=x onerror=x>", "\x85", "\u2028",
)  # fmt: skip
word = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=5).map("".join)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | word,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=3),
    max_leaves=6,
)
ROW = st.fixed_dictionaries({"file": word, "line": st.integers(-1, 10**10) | word, "code": word, "message": word})
HOST = st.fixed_dictionaries({"host": anything, "total_requests": anything, "passed": anything, "p95_ms": anything})
REQUEST = st.fixed_dictionaries({"began": word | st.none(), "latency_ms": st.floats() | word, "ok": anything})
NAMES = word.filter(lambda name: 0 < len(name.encode(errors="surrogatepass")) < 100 and not {*"/\x00"} & {*name})


def _name_fits(name: str) -> bool:
    return name not in (".", "..") and not any("\ud800" <= one <= "\udfff" for one in name)


def _xml(name: str, words: str) -> str:
    safe = [re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", one) for one in (name, words)]
    attribute = escape(safe[0], {'"': "&quot;", "\n": " "})
    return f'<s><testcase name="{attribute}"><failure>{escape(safe[1])}</failure></testcase></s>'


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_markup_of_evidence_gets_through(data: st.DataObject) -> None:
    draw = data.draw
    hostile = {
        "rex/changes.diff": draw(word) + "\n" + draw(word),
        "rex/tests.log": draw(word),
        "clippy/report.json": json.dumps({"remaining": draw(st.lists(ROW, max_size=2) | anything)}),
        "qa/test-results.xml": _xml(draw(word), draw(word)),
        "deploy/helm-status.txt": draw(word),
        "deploy/urls.json": json.dumps({"urls": draw(st.lists(word, max_size=2) | anything)}),
        "acceptance/report.json": json.dumps({"hosts": draw(st.lists(HOST, max_size=2)), "reasons": draw(anything)}),
        "acceptance/requests.jsonl": json.dumps(draw(REQUEST)) + "\n" + json.dumps(draw(REQUEST)),
        f"rex/{draw(NAMES.filter(_name_fits))}.txt": "",
    }
    told = replace(
        example.status("acceptance"),
        parameters=example.GIVEN | {"owner": draw(word), "repo": draw(word)},
        outputs={"set-params": {"BRANCH": draw(word)}},
        failures={task: draw(word) for task in FAILING},
        notes=(draw(word),),
        times=dict.fromkeys(FAILING, (draw(word | st.just("2026-01-31T12:00:00")), "2026-01-31T12:00:00Z")),
    )
    page = made(told, hostile)
    page.encode()
    root = parsed.parse(page)
    assert parsed.kinds(root) <= ours()
    assert all(re.match(r"\./|\.\./runs\.html\Z|https?://", one) for one in parsed.addresses(root))
    unseen = {one for one in parsed.words(root) if unicodedata.category(one) in ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")}
    assert unseen <= {"\n", "\t"}
