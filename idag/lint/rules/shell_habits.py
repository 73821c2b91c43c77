"""IDAG7xx: habits in shell code that turn a failure into a success."""

from __future__ import annotations

import re
from collections.abc import Iterator

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope

_SWALLOWED = re.compile(r"\|\|\s*(?:true|:|exit\s+0|/bin/true)(?=\s|[;)\"'`&|]|$)", re.MULTILINE)
_INSECURE = (
    (re.compile(r"\bcurl\b[^\n|;&]{0,999}?\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$)"), "curl"),
    (re.compile(r"\bwget\b[^\n|;&]{0,999}?\s(--no-check-certificate)\b"), "wget"),
    (
        re.compile(r"\b(?:helm|kubectl|argo)\b[^\n|;&]{0,999}?\s(--insecure-skip-tls-verify|--insecure-skip-verify)\b"),
        "client",
    ),
    (re.compile(r"\bgit\b[^\n|;&]{0,999}?(http\.sslVerify=false)", re.IGNORECASE), "git"),
    (re.compile(r"(GIT_SSL_NO_VERIFY=(?:1|true)|PYTHONHTTPSVERIFY=0|NODE_TLS_REJECT_UNAUTHORIZED=0)"), "environment"),
)
_CLIENT_ERROR_PASSES = re.compile(r"-lt\s+\"?500\b|-le\s+\"?499\b|(?<![<\d])<=?\s*(?:500|499)\b")
_ASKS_STATUS = re.compile(r"%\{(?:http_code|response_code)\}|HTTP/")
_PERCENTILE = re.compile(r"\[\s*(?:int\()?\s*(?:0?\.\d+\s*\*|\w+\s*\*\s*0?\.\d+)")
_GET_OR_CREATE = re.compile(r"\bkubectl\s+get\b[^\n]{0,999}\|\|\s*kubectl\s+(?:create|apply)\b")


@rule("IDAG701", "failure swallowed", "`|| true` makes a failed clean-up or check green, and nobody looks again")
def swallowed(scope: Scope) -> Iterator[Hit]:
    """`|| true`, `|| :` and `|| exit 0`."""
    for text in scope.shell_texts:
        for number, line in enumerate(text.code.splitlines(), start=1):
            if match := _SWALLOWED.search(line):
                yield Hit(text.address, text.path, f"line {number}: `{match.group().strip()}` hides a failure")


@rule(
    "IDAG702", "TLS not verified", "anybody between can answer: the check proves nothing, and secrets go to strangers"
)
def insecure(scope: Scope) -> Iterator[Hit]:
    """Options and variables that switch the check of certificates off."""
    for text in scope.shell_texts:
        for pattern, program in _INSECURE:
            for match in pattern.finditer(text.code):
                message = f"{program}: `{match.group(1)}` switches the check of certificates off"
                yield Hit(text.address, text.path, message)


@rule("IDAG703", "4xx taken for success", "a page that is not there (404) or not allowed (403) passes the acceptance")
def client_errors_pass(scope: Scope) -> Iterator[Hit]:
    """A status below 500 is good, in a text that asks for the HTTP status."""
    for text in scope.shell_texts:
        if _ASKS_STATUS.search(text.code) and (match := _CLIENT_ERROR_PASSES.search(text.code)):
            yield Hit(text.address, text.path, f"`{match.group()}` lets 4xx pass")


@rule(
    "IDAG704",
    "percentile computed by hand",
    "an index into a sorted list is off by one for small counts, and failed requests are often not in it; use vegeta",
)
def percentiles(scope: Scope) -> Iterator[Hit]:
    """`a[int(0.95*c)]` and alike in awk or bash."""
    return _each(scope, _PERCENTILE, "`{}...` is a percentile made by hand")


@rule(
    "IDAG705",
    "get or create",
    "what exists may be somebody else's: it is adopted, and later deleted; create, and look at labels when it exists",
)
def get_or_create(scope: Scope) -> Iterator[Hit]:
    """`kubectl get ... || kubectl create ...`."""
    return _each(scope, _GET_OR_CREATE, "`{}` adopts whatever is there")


def _each(scope: Scope, pattern: re.Pattern[str], message: str) -> Iterator[Hit]:
    """A hit for each match, whose text on one line is put into `message`."""
    for text in scope.shell_texts:
        for match in pattern.finditer(text.code):
            yield Hit(text.address, text.path, message.format(" ".join(match.group().split())))
