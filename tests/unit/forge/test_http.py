"""The caller of forges when answers are bad: each is one of forge.errors, and says nothing of the token."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base import metrics
from implementation_dag.base.log import clean
from implementation_dag.forge.errors import (
    Conflict,
    ForgeError,
    Limited,
    Missing,
    Refused,
    Unauthenticated,
    Unavailable,
    Unclear,
)
from implementation_dag.forge.http import Answer, Caller, at

TOKEN = "s3cr3t-t0k3n"
URL = "https://forge.example.com/api/v1"
Handler = Callable[[httpx2.Request], httpx2.Response]


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def caller(handler: Handler, **options: Any) -> Caller:
    """Return a caller whose requests `handler` answers."""
    return Caller(URL, lambda: f"token {TOKEN}", transport=httpx2.MockTransport(handler), **options)


def answering(status: int, content: bytes = b"{}", **headers: str) -> Caller:
    """Return a caller that always gets this answer; _ in names of headers is -."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller(lambda _: httpx2.Response(status, headers=sent, content=content))


def test_a_call_says_who_asks_and_what() -> None:
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(201, json={"id": 7})

    answer = caller(handler, headers={"User-Agent": "us"}).call(
        "POST", at("/repos/{owner}/{repo}/x", owner="a/../b", repo="ü 😀"), query={"page": 2}, body={"text": "😀\ud800"}
    )
    assert (answer.status, answer.data) == (201, {"id": 7})
    (request,) = asked
    assert str(request.url) == f"{URL}/repos/a%2F..%2Fb/%C3%BC%20%F0%9F%98%80/x?page=2"
    assert request.headers["authorization"] == f"token {TOKEN}"
    assert request.headers["user-agent"] == "us"
    assert request.headers["accept-encoding"] == "identity"
    assert json.loads(request.content) == {"text": "😀\ud800"}


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_path_goes_nowhere_else(name: str) -> None:
    with pytest.raises(ForgeError, match="a name is needed"):
        at("/repos/{owner}", owner=name)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ForgeError),
        (401, Unauthenticated),
        (403, Refused),
        (404, Missing),
        (405, Conflict),
        (406, ForgeError),
        (408, Unavailable),
        (409, Conflict),
        (410, Missing),
        (422, Conflict),
        (423, Conflict),
        (425, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (599, Unavailable),
        (304 - 1, ForgeError),
    ],
)
def test_a_refusal_has_its_kind_and_its_words(status: int, kind: type[ForgeError]) -> None:
    said = json.dumps({"message": f"no\n\u202e {TOKEN} " + "x" * 1000}).encode()
    with pytest.raises(ForgeError) as caught:
        answering(status, said).call("GET", "/x")
    assert type(caught.value) is kind
    message = str(caught.value)
    assert message.startswith(f"GET /x: {status} no \\x202e *** xxx")
    assert TOKEN not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, 60),
        (429, {"retry_after": "7"}, 7),
        (429, {"retry_after": "0"}, 1),
        (429, {"retry_after": "9" * 400}, 3600),
        (403, {"retry_after": "7"}, 7),
        (503, {"retry_after": "7"}, 7),
        (429, {"date": formatdate(5000, usegmt=True), "retry_after": formatdate(5030, usegmt=True)}, 30),
        (429, {"retry_after": "soon"}, 60),
        (
            403,
            {"date": formatdate(5000, usegmt=True), "x_ratelimit_remaining": "0", "x_ratelimit_reset": "5040"},
            40,
        ),
        (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "never"}, 60),
    ],
)
def test_a_limit_is_obeyed_without_asking(status: int, headers: dict[str, str], seconds: float) -> None:
    clock, asked = Clock(), []
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        first = httpx2.Response(status, headers=sent, content=b"{}")
        return first if len(asked) == 1 else httpx2.Response(200, json={})

    forge = caller(handler, clock=clock)
    with pytest.raises(Limited) as caught:
        forge.call("GET", "/x")
    assert caught.value.seconds == seconds
    clock.now += seconds - 0.5
    with pytest.raises(Limited, match="not asked") as caught:
        forge.call("POST", "/y")
    assert caught.value.seconds == 0.5
    assert len(asked) == 1
    clock.now += 0.5
    assert forge.call("GET", "/x").status == 200


def test_a_secondary_limit_is_known_by_its_words() -> None:
    with pytest.raises(Limited) as caught:
        answering(403, b'{"message": "You have exceeded a secondary rate limit."}').call("GET", "/x")
    assert caught.value.seconds == 60


def test_the_last_answer_before_a_limit_counts() -> None:
    reset = str(int(time.time()) + 100)
    forge = answering(200, b"[]", x_ratelimit_remaining="0", x_ratelimit_reset=reset)
    assert forge.call("GET", "/x").data == []
    with pytest.raises(Limited, match="not asked"):
        forge.call("GET", "/x")


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {}),
        (b"null", {}),
        (b'[{"id": 1}, {"i', {}),
        (b"<html>sign in</html>", {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        (b'{"n": NaN}', {}),
        (b'{"n": ' + b"9" * 10_000 + b"}", {}),
        (b'"' + b"x" * 2000 + b'"', {}),
        (gzip.compress(b"{}"), {"content_encoding": "gzip"}),
    ],
    ids=["empty", "null", "half", "page", "bytes", "deep", "nan", "digits", "large", "packed"],
)
def test_what_is_no_whole_answer_proves_nothing(content: bytes, headers: dict[str, str]) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    forge = caller(lambda _: httpx2.Response(200, headers=sent, stream=httpx2.ByteStream(content)), most_bytes=150_000)
    if len(content) == 2002:
        forge = caller(lambda _: httpx2.Response(200, content=content), most_bytes=2001)
    with pytest.raises(Unavailable):
        forge.call("GET", "/x")


def test_a_write_may_be_answered_without_content() -> None:
    assert answering(201, b"").call("PUT", "/x").data is None


def test_a_slow_answer_ends() -> None:
    clock = Clock()

    class Slow(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.now += 1
                yield b" "

    forge = caller(lambda _: httpx2.Response(200, stream=Slow()), clock=clock, seconds=5)
    with pytest.raises(Unavailable, match=r"no whole answer within 5.0 s"):
        forge.call("GET", "/x")
    assert clock.now < 1010


@pytest.mark.parametrize(
    "error",
    [httpx2.ConnectTimeout("x"), httpx2.ReadTimeout("x"), httpx2.ConnectError("x"), httpx2.RemoteProtocolError("half")],
)
def test_a_broken_connection_proves_nothing(error: Exception) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(Unavailable, match="GET /x: "):
        caller(handler).call("GET", "/x")


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example.com/api/v1/y",
        "//elsewhere.example.com/y",
        "http://forge.example.com/y",
        "https://forge.example.com:444/y",
        "https://forge.example.com:x/",
    ],
)
def test_the_token_goes_to_no_other_host(location: str) -> None:
    hosts = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url)
        return httpx2.Response(302, headers={"Location": location})

    with pytest.raises(Unavailable):
        caller(handler).call("GET", "/x")
    assert hosts == [f"{URL}/x"]


def test_a_renamed_repository_is_followed_and_no_circle_is() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == f"token {TOKEN}"
        if request.url.path == "/api/v1/new":
            return httpx2.Response(200, json=[7])
        leads = "/api/v1/new" if request.url.path == "/api/v1/old" else str(request.url)
        return httpx2.Response(301, headers={"Location": leads})

    forge = caller(handler)
    assert forge.call("GET", "/old").data == [7]
    with pytest.raises(Unavailable, match="more than 3 times"):
        forge.call("GET", "/circle")
    with pytest.raises(Unavailable, match="not followed"):
        forge.call("POST", "/old", body={})


def test_nothing_changed_only_where_somebody_asked_so() -> None:
    with pytest.raises(Unclear, match="304, which nobody asked for"):
        answering(304).call("GET", "/x")


def test_each_request_is_counted_before_it_is_made() -> None:
    """Pages and redirects are requests too."""
    spent: list[int] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/old"):
            return httpx2.Response(301, headers={"location": f"{URL}/new?page={request.url.params['page']}"})
        last = request.url.params["page"] == "3"
        return httpx2.Response(200, headers={} if last else {"link": '<x>; rel="next"'}, json=[])

    ours = caller(handler, spend=lambda: spent.append(1))
    assert len(list(ours.pages("/old", {}))) == 3
    assert len(spent) == 6

    def no() -> None:
        raise Unavailable("the budget is used up")

    with pytest.raises(Unavailable, match="used up"):
        caller(lambda _: pytest.fail("a request was made"), spend=no).call("GET", "/x")


def test_what_did_not_change_is_not_sent_again() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("if-none-match") == '"a"':
            return httpx2.Response(304)
        return httpx2.Response(200, headers={"ETag": '"a"'}, json=[])

    forge = caller(handler)
    first = forge.call("GET", "/x")
    assert (first.tag, first.unchanged) == ('"a"', False)
    assert forge.call("GET", "/x", tag=first.tag).unchanged
    assert [page.unchanged for page in forge.pages("/x", {}, tag=first.tag)] == [True]


def pages_of(count: int) -> Handler:
    """Return a handler of a list of `count` pages, whose addresses name another host."""

    def handler(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        there = "http://inside.example.com/api"
        links = [f'<{there}?page=1>; rel="prev"'] if page > 1 else []
        links += [f'<{there}?page={page + 1}>; rel="next"', f'<{there}?page={count}>; rel="last"'] * (page < count)
        return httpx2.Response(200, headers={"Link": ",".join(links)}, json=[page])

    return handler


@pytest.mark.parametrize("count", [1, 2, 5])
def test_pages_are_read_to_the_last(count: int) -> None:
    found = list(caller(pages_of(count)).pages("/x", {"limit": 1}, most=5))
    assert [page.data for page in found] == [[number] for number in range(1, count + 1)]
    assert [page.last for page in found] == [False] * (count - 1) + [True]


def test_pages_are_bounded_and_say_so() -> None:
    found = list(caller(pages_of(9)).pages("/x", {}, most=3))
    assert len(found) == 3
    assert not found[-1].last


HEADERS = ["link", "etag", "retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset", "location"]


@given(
    status=st.integers(200, 599),
    headers=st.dictionaries(st.sampled_from(HEADERS), st.text(st.characters(max_codepoint=255))),
    content=st.one_of(
        st.binary(),
        st.text().map(lambda said: json.dumps({"message": said + TOKEN}).encode()),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(
            lambda v: json.dumps(v).encode()
        ),
    ),
)
def test_any_answer_is_one_or_an_error_of_ours(status: int, headers: dict[str, str], content: bytes) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    forge = caller(lambda _: httpx2.Response(status, headers=raw, content=content))
    try:
        answer = forge.call("GET", "/x")
    except ForgeError as error:
        assert TOKEN not in str(error)
        assert "\n" not in str(error)
        assert clean(str(error)) == str(error)
    else:
        assert isinstance(answer, Answer)
        assert answer.unchanged or answer.data is not None
        assert isinstance(answer.last, bool)


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"implementation_dag_forge_{name}", labels) or 0.0


@pytest.mark.parametrize(("status", "result"), [(200, "success"), (404, "Missing"), (503, "Unavailable")])
def test_a_call_is_counted_by_what_became_of_it(status: int, result: str) -> None:
    calls, seconds = counted("requests_total", result=result), counted("request_duration_seconds_count")
    with contextlib.suppress(ForgeError):
        answering(status).call("GET", "/user")
    assert counted("requests_total", result=result) == calls + 1
    assert counted("request_duration_seconds_count") == seconds + 1


def test_what_the_forge_still_allows_is_shown_of_each_that_calls() -> None:
    limits = {"x-ratelimit-remaining": "12", "x-ratelimit-limit": "5000"}
    caller(lambda _: httpx2.Response(200, headers=limits, content=b"{}"), who="qa").call("GET", "/user")
    caller(lambda _: httpx2.Response(200, headers={"x-ratelimit-remaining": "many"}, content=b"{}"), who="x").call(
        "GET", "/user"
    )
    found = [counted(name, identity="qa") for name in ("rate_limit_remaining", "rate_limit")]
    assert found == [12, 5000]
    assert metrics.REGISTRY.get_sample_value("implementation_dag_forge_rate_limit_remaining", {"identity": "x"}) is None
