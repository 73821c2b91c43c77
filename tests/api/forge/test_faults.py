"""A forge that answers badly, by a proxy before a real Gitea: nothing is proved, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from implementation_dag.forge.errors import ForgeError, Limited, Refused, Unauthenticated, Unavailable, Unclear
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.http import Caller
from tests.answering import Request, serving

from .conftest import OWNER, Place

COUNT = 120
HOPS = {"transfer-encoding", "content-length", "connection", "date"}


class Between:
    """A proxy that hands every request on, but for those that `fault` answers itself."""

    def __init__(self, url: str, client: httpx2.Client) -> None:
        self._url = url
        self._client = client
        self.fault: Callable[[Request, httpx2.Response], bool] = lambda *_: False

    def __call__(self, request: Request) -> None:
        headers = {"Authorization": request.headers["Authorization"]}
        answer = self._client.get(self._url + request.path, headers=headers)
        if not self.fault(request, answer):
            send(request, answer.status_code, answer.content, dict(answer.headers))


def send(request: Request, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
    """Answer with a whole body."""
    request.send_response(status)
    for name, value in (headers or {}).items():
        if name.lower() not in HOPS:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def refusing(status: int, **headers: str) -> Callable[[Request, httpx2.Response], bool]:
    """A fault that is an answer with this status."""

    def fault(request: Request, _: httpx2.Response) -> bool:
        send(request, status, b"{}", {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


def saying(change: Callable[[list[Any]], object], counted: bool = True) -> Callable[[Request, httpx2.Response], bool]:
    """A fault that changes what a list holds, with or without the header that says how many there are."""

    def fault(request: Request, answer: httpx2.Response) -> bool:
        headers = {name: value for name, value in answer.headers.items() if counted or name != "x-total-count"}
        send(request, 200, json.dumps(change(answer.json())).encode(), headers)
        return True

    return fault


def half(request: Request, answer: httpx2.Response) -> bool:
    """A fault: the connection ends in the middle."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(answer.content)))
    request.end_headers()
    request.wfile.write(answer.content[: len(answer.content) // 2])
    request.close_connection = True
    return True


def half_without_length(request: Request, answer: httpx2.Response) -> bool:
    """A fault: the connection ends in the middle, and that may be its end."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(answer.content[: len(answer.content) // 2])
    request.close_connection = True
    return True


def slow(request: Request, answer: httpx2.Response) -> bool:
    """A fault: byte by byte."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(answer.content)))
    request.end_headers()
    with contextlib.suppress(OSError):
        for byte in answer.content[:100]:
            request.wfile.write(bytes([byte]))
            time.sleep(0.1)
    return True


def only(page: int, fault: Callable[[Request, httpx2.Response], bool]) -> Callable[[Request, httpx2.Response], bool]:
    """The fault on one page of a list."""
    return lambda request, answer: f"page={page}" in request.path and fault(request, answer)


@pytest.fixture(scope="module")
def full(place: Place) -> Place:
    """The repository with many open pull requests."""
    place.developer.push(OWNER, place.repo, "first", {"change.txt": "1"}, since="main")
    place.developer.open(OWNER, place.repo, "first")
    for number in range(2, COUNT + 1):
        place.developer.branch(OWNER, place.repo, f"b{number}", since="first")
        place.developer.open(OWNER, place.repo, f"b{number}")
    return place


@pytest.fixture
def between(full: Place) -> Iterator[Between]:
    """A proxy before the forge."""
    trusted = ssl.create_default_context(cafile=full.forge.ca_file)
    with httpx2.Client(verify=trusted, trust_env=False) as client:
        yield Between(full.forge.url, client)


@contextlib.contextmanager
def reading(place: Place, between: Between, seconds: float = 30) -> Iterator[Gitea]:
    """The product's reader behind the proxy."""
    with serving(between, protocol="HTTP/1.1") as port:
        yield Gitea(place.caller(f"http://127.0.0.1:{port}", seconds=seconds))


def test_all_pages_are_read(full: Place, between: Between) -> None:
    with reading(full, between) as reader:
        listing = reader.open_pull_requests(OWNER, full.repo)
    assert listing is not None
    assert listing.complete
    assert sorted(one.number for one in listing.pull_requests) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("page", [1, 3])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusing(429, Retry_After="7"), Limited),
        (refusing(403, Retry_After="7"), Limited),
        (refusing(403), Refused),
        (refusing(401), Unauthenticated),
        (refusing(500), Unavailable),
        (refusing(502), Unavailable),
        (refusing(302, Location="https://elsewhere.example.com/login"), Unavailable),
        (half, Unavailable),
        (half_without_length, Unclear),
        (slow, Unavailable),
        (saying(lambda _: {"data": []}), Unclear),
        (saying(lambda _: None), Unclear),
        (saying(lambda _: "[]"), Unclear),
    ],
    ids=[
        "429",
        "403 limit",
        "403",
        "401",
        "500",
        "502",
        "elsewhere",
        "half",
        "short",
        "slow",
        "object",
        "null",
        "text",
    ],
)
def test_a_fault_is_an_error_and_no_list(
    full: Place, between: Between, page: int, fault: Callable[..., bool], kind: type[ForgeError]
) -> None:
    between.fault = only(page, fault)
    with reading(full, between, seconds=3) as reader:
        with pytest.raises(ForgeError) as caught:
            reader.open_pull_requests(OWNER, full.repo)
        assert type(caught.value) is kind
        assert full.token not in str(caught.value)


@pytest.mark.parametrize("page", [1, 3])
@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (saying(lambda _: []), None),
        (saying(lambda _: [], counted=False), None),
        (saying(lambda found: found[1:]), COUNT - 1),
        (saying(lambda found: [None, *found[1:]]), COUNT - 1),
        (saying(lambda found: [dict(found[0], head={}), *found[1:]]), COUNT - 1),
        (saying(lambda found: [found[1], *found[1:]]), COUNT - 1),
        (saying(lambda found: found, counted=False), COUNT),
    ],
    ids=["empty", "uncounted", "one less", "null", "headless", "twice", "no count"],
)
def test_a_list_that_lacks_something_says_so(
    full: Place, between: Between, page: int, fault: Callable[..., bool], left: int | None
) -> None:
    between.fault = only(page, fault)
    with reading(full, between) as reader:
        listing = reader.open_pull_requests(OWNER, full.repo)
    assert listing is not None
    assert not listing.complete
    assert left is None or len(listing.pull_requests) == left


def test_a_limit_is_obeyed_and_then_all_is_well(full: Place, between: Between) -> None:
    asked: list[str] = []

    def fault(request: Request, _: httpx2.Response) -> bool:
        asked.append(request.path)
        if len(asked) > 1:
            return False
        send(request, 429, b"{}", {"Retry-After": "1"})
        return True

    between.fault = fault
    with reading(full, between) as reader:
        for _ in range(3):
            with pytest.raises(Limited):
                reader.pull_request(OWNER, full.repo, 1)
        assert len(asked) == 1
        time.sleep(1)
        assert reader.pull_request(OWNER, full.repo, 1).number == 1


def test_an_authority_that_is_not_known_is_refused(full: Place) -> None:
    stranger = Gitea(Caller(f"{full.forge.url}/api/v1", lambda: f"token {full.token}"))
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        stranger.pull_request(OWNER, full.repo, 1)
