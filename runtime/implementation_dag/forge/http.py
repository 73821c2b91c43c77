"""The one HTTP caller of every forge: bounded in time and size, and what it does not understand is an error.

It tries nothing again: whoever calls knows when that is of use, and errors.Limited says how long to wait.
"""

from __future__ import annotations

import json
import math
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import httpx2

from implementation_dag.base import metrics, proxy
from implementation_dag.base.asking import ERRORS, explain
from implementation_dag.base.log import clean

from .errors import Conflict, ForgeError, Limited, Missing, Refused, Unauthenticated, Unavailable, Unclear

SECONDS = 30.0
MOST_BYTES = 16 * 1024 * 1024
MOST_PAGES = 100
_MOST_REDIRECTS = 3
_SHOWN_CHARACTERS = 200
# GitHub's advice where an answer names no time (docs: "Rate limits for the REST API"), and its longest window.
_SECONDS_WITHOUT_ADVICE = 60.0
_LONGEST_WAIT = 3600.0

REQUESTS = metrics.counter(
    "forge_requests", "Calls of the forge's API, by what became of them: success, or the error's class.", "result"
)
DURATION = metrics.histogram(
    "forge_request_duration_seconds", "Time of one request of the forge's API.", buckets=metrics.SHORT_SECONDS
)
LEFT = metrics.gauge(
    "forge_rate_limit_remaining", "Requests that the forge still allows, as its last answer said.", "identity"
)
MOST = metrics.gauge("forge_rate_limit", "Requests that the forge allows in its time, by that answer.", "identity")

_NEXT_PAGE = re.compile(r"<[^>]*>\s*;[^,<]*\brel=\"?next\"?")
_ERRORS: dict[int, type[ForgeError]] = {
    401: Unauthenticated,
    403: Refused,
    404: Missing,
    405: Conflict,
    408: Unavailable,
    409: Conflict,
    410: Missing,
    422: Conflict,
    423: Conflict,
    425: Unavailable,
}


@dataclass(frozen=True)
class Answer:
    """What the forge answered, without an error. `data` is None where the body was empty; `headers` know no case."""

    status: int
    data: Any
    headers: Mapping[str, str]

    @property
    def unchanged(self) -> bool:
        """Whether nothing changed since the answer whose tag was sent."""
        return self.status == httpx2.codes.NOT_MODIFIED

    @property
    def tag(self) -> str:
        """The ETag for the next conditional request, or empty."""
        return self.headers.get("etag", "")

    @property
    def last(self) -> bool:
        """Whether no page follows this one."""
        return not _NEXT_PAGE.search(self.headers.get("link", ""))


def at(template: str, **names: str | int) -> str:
    """Return the path with each `{name}` filled in, as one segment whatever characters it has."""
    for name, value in names.items():
        if str(value) in ("", ".", ".."):
            raise ForgeError(f"{template}: {name} is {value!r}, a name is needed")
    return template.format(**{name: quote(str(value), safe="") for name, value in names.items()})


class Caller:
    """Calls the API at `url` (https://forge.example.com/api/v1), one request at a time or from several threads.

    `authorization` is asked for the header's value at each request, so a token may change; it appears in no error.
    `renew` is called where the forge does not know that value (401), and says whether there may be another one.
    `spend` is called before each request, redirects and pages too, and may raise ForgeError in its place.
    `who` calls, in metrics. `ca_file` is trusted besides the system's authorities. `transport` takes the network's
    place in tests.
    """

    def __init__(
        self,
        url: str,
        authorization: Callable[[], str],
        *,
        renew: Callable[[], bool] = lambda: False,
        spend: Callable[[], None] = lambda: None,
        who: str = "",
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        transport: httpx2.BaseTransport | None = None,
        seconds: float = SECONDS,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._authorization, self._renew, self._spend, self._who = authorization, renew, spend, who
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        # Until when the forge wants to hear nothing.
        self._silent_until = -math.inf
        self._client = httpx2.Client(
            # What is packed could be larger than what was counted.
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
            timeout=seconds,
            trust_env=False,
            transport=transport or httpx2.HTTPTransport(verify=_trusted(ca_file), proxy=proxy.of(url)),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: Any = None, tag: str = ""
    ) -> Answer:
        """Return the answer of one call; `tag` makes it conditional. Raises ForgeError."""
        try:
            answer = self._called(method, path, query, body, tag)
        except ForgeError as error:
            REQUESTS.labels(type(error).__name__).inc()
            raise
        REQUESTS.labels("success").inc()
        return answer

    def _called(self, method: str, path: str, query: Mapping[str, str | int] | None, body: Any, tag: str) -> Answer:
        what = f"{method} {path}"
        if (wait := self._silent_until - self._clock()) > 0:
            raise Limited(f"{what}: not asked, as the forge wants no request for {wait:.0f} s", wait)
        headers = {"If-None-Match": tag} if tag else {}
        content = None
        if body is not None:
            # In ASCII: no text that a pull request says fails here.
            content, headers["Content-Type"] = json.dumps(body).encode("ascii"), "application/json"
        url = httpx2.URL(self._url + path, params=query or {})
        renewed = False
        for _ in range(_MOST_REDIRECTS + 1):
            secret = self._authorization()
            self._spend()
            request = self._client.build_request(
                method, url, headers={**headers, "Authorization": secret}, content=content
            )
            with DURATION.time():
                response = self._exchange(what, request)
            self._note_limit(response)
            if response.status_code == httpx2.codes.UNAUTHORIZED and not renewed and self._renew():
                # Whoever is not known has changed nothing: it is asked once more.
                renewed = True
                continue
            if not response.has_redirect_location:
                return self._judged(what, response, secret)
            url = _redirected(what, response)
        raise Unavailable(f"{what}: redirected more than {_MOST_REDIRECTS} times")

    def pages(
        self, path: str, query: Mapping[str, str | int], *, tag: str = "", most: int = MOST_PAGES
    ) -> Iterator[Answer]:
        """Yield the pages of a list, `most` at most: whether none is missing, the last one's `last` says.

        Where nothing changed since the answer with `tag`, the only one is `unchanged`. Pages are counted, as the
        addresses in answers are those that the forge believes to have.
        """
        for number in range(1, most + 1):
            answer = self.call("GET", path, query={**query, "page": number}, tag=tag if number == 1 else "")
            yield answer
            if answer.last:
                return

    def _note_limit(self, response: httpx2.Response) -> None:
        for gauge, header in ((LEFT, "x-ratelimit-remaining"), (MOST, "x-ratelimit-limit")):
            if (text := response.headers.get(header, "")).isascii() and text.isdigit():
                gauge.labels(self._who).set(float(text))

    def _exchange(self, what: str, request: httpx2.Request) -> httpx2.Response:
        """Return the answer with its whole content. Raises Unavailable."""
        deadline, content = self._clock() + self._seconds, bytearray()
        try:
            response = self._client.send(request, stream=True)
            try:
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise Unclear(f"{what}: the answer is packed, which nobody asked for")
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > self._most_bytes:
                        raise Unclear(f"{what}: the answer has more than {self._most_bytes} bytes")
                    if self._clock() > deadline:
                        raise Unavailable(f"{what}: no whole answer within {self._seconds:.1f} s")
            finally:
                response.close()
        except ERRORS as error:
            _, why = explain(error, self._seconds)
            raise Unavailable(f"{what}: {why}") from None
        return httpx2.Response(response.status_code, headers=response.headers, content=bytes(content), request=request)

    def _judged(self, what: str, response: httpx2.Response, secret: str) -> Answer:
        """Return the answer where it is one of success. Raises ForgeError."""
        status, data = response.status_code, _parsed(response.content)
        wait = _wait(response)
        if wait is not None:
            self._silent_until = self._clock() + wait
        if status == httpx2.codes.NOT_MODIFIED:
            if "if-none-match" not in response.request.headers:
                raise Unclear(f"{what}: {status}, which nobody asked for")
            return Answer(status, None, response.headers)
        if response.is_success:
            if data is _BROKEN or (data is None and response.request.method == "GET"):
                raise Unclear(f"{what}: {status}, but its content is no whole JSON")
            return Answer(status, data, response.headers)
        said = f"{what}: {status} {_message(data, secret)}".rstrip()
        if status in (403, 429) and wait is None and (status == 429 or "rate limit" in said.lower()):
            wait = _SECONDS_WITHOUT_ADVICE
            self._silent_until = self._clock() + wait
        if wait is not None and (status in (403, 429) or status >= 500):
            raise Limited(f"{said}; again in {wait:.0f} s", wait)
        raise (Unavailable if status >= 500 else _ERRORS.get(status, ForgeError))(said)


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


# No JSON value is this.
_BROKEN = object()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _parsed(content: bytes) -> Any:
    """Return the JSON value, None where there is no content, _BROKEN where it is something else."""
    if not content.strip():
        return None
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return _BROKEN


def _message(data: Any, secret: str) -> str:
    """Return what the forge says of its refusal, for a line of a log: bounded, and without the token."""
    said = data.get("message") if isinstance(data, dict) else None
    if not isinstance(said, str):
        return ""
    for part in secret.split()[-1:]:
        said = said.replace(part, "***")
    return clean(" ".join(said.split()))[:_SHOWN_CHARACTERS]


def _redirected(what: str, response: httpx2.Response) -> httpx2.URL:
    """Return the address that the answer names. Raises Unavailable where it is another host: it gets no token."""
    here = response.request.url
    try:
        there = here.join(response.headers["location"])
    except httpx2.InvalidURL as error:
        raise Unavailable(f"{what}: {response.status_code} leads to no address: {clean(str(error))}") from None
    if response.request.method != "GET" or (there.scheme, there.host, there.port) != (
        here.scheme,
        here.host,
        here.port,
    ):
        raise Unavailable(
            f"{what}: {response.status_code} leads to {there.scheme}://{there.host}, which is not followed"
        )
    return there


def _wait(response: httpx2.Response) -> float | None:
    """Return for how many seconds the forge wants no request; None where it does not say so."""
    advice, remaining = response.headers.get("retry-after", ""), response.headers.get("x-ratelimit-remaining")
    # By the forge's clock where it shows it: ours may be another.
    now = _moment(response.headers.get("date", "")) or time.time()
    wait: float | None = None
    if advice.isascii() and advice.isdigit():
        wait = float(advice)
    elif until := _moment(advice):
        wait = until - now
    elif remaining == "0":
        reset = response.headers.get("x-ratelimit-reset", "")
        wait = float(reset) - now if reset.isascii() and reset.isdigit() else _SECONDS_WITHOUT_ADVICE
    return None if wait is None else min(max(wait, 1.0), _LONGEST_WAIT)


def _moment(text: str) -> float | None:
    """Return the time of an HTTP date; None where it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
