"""A webhook's delivery: is it from our forge, and which pull request does it make worth a look? Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from implementation_dag.contract.parameters import BY_NAME

from . import commands

# GitHub's own limit is 25 MB, which only pushes reach.
BODY_LIMIT = 4 * 1024 * 1024
ACTIONS = frozenset(
    {
        "opened",
        "reopened",
        "closed",
        "edited",
        "synchronize",
        "labeled",
        "unlabeled",
        "converted_to_draft",
        "ready_for_review",
        # Gitea's words.
        "synchronized",
        "label_updated",
        "label_cleared",
    }
)
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_MOST_OF_A_CHECK = 10
# The end of a run's name, as contract.names gives it.
_OF_RUN = re.compile(r"-pr-([1-9][0-9]{0,8})-[1-9][0-9]{0,8}\Z", re.ASCII)


class Rejected(Exception):
    """The delivery is not taken; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Hint:
    """A pull request that is worth a look, and why: somebody's comment, a wish to run once more, or just news."""

    owner: str
    repo: str
    number: int
    comment: int = 0
    author: str = ""
    retest: str = ""


def delivery(headers: Mapping[str, str]) -> str:
    """Return the delivery's number. Raises Rejected. Names of `headers` are in lower case."""
    found = headers.get("x-github-delivery") or headers.get("x-gitea-delivery") or ""
    if not _DELIVERY.fullmatch(found):
        raise Rejected(400, "X-GitHub-Delivery or X-Gitea-Delivery: a number of letters, digits and '-' is needed")
    return found


def hints(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """Return the pull requests that a delivery names; none where it is of no interest. Raises Rejected."""
    delivery(headers)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Rejected(415, "Content-Type: must be application/json")
    if len(body) > BODY_LIMIT:
        raise Rejected(413, f"the body has more than {BODY_LIMIT} bytes")
    signed = headers.get("x-hub-signature-256", "").removeprefix("sha256=") or headers.get("x-gitea-signature", "")
    # All secrets are tried, so that the time tells nothing.
    if not any([_signed(body, signed, secret) for secret in secrets]):
        raise Rejected(401, "X-Hub-Signature-256: is not that of this body with our secret")
    event = headers.get("x-github-event") or headers.get("x-gitea-event") or ""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(400, "the body is not JSON") from None
    return _of(event, payload if isinstance(payload, dict) else {}, body)


def _signed(body: bytes, given: str, secret: bytes) -> bool:
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def _of(event: str, payload: dict[str, Any], body: bytes) -> tuple[Hint, ...]:
    action = str(payload.get("action"))
    if event == "pull_request" and action in ACTIONS:
        return _hint(payload, payload.get("number"))
    if event == "issue_comment" and action == "created":
        issue, comment = _mapping(payload, "issue"), _mapping(payload, "comment")
        told, number = comment.get("body"), _number(comment.get("id"))
        if issue.get("pull_request") and isinstance(told, str) and commands.meant_for_us(told) and number:
            author = str(_mapping(comment, "user").get("login"))
            return _hint(payload, issue.get("number"), comment=number, author=author)
    # The second is "re-run all checks".
    if event in ("check_run", "check_suite") and action == "rerequested":
        # What comes twice is the same twice, and runs once; the delivery's number is not signed.
        again = f"check-{hashlib.sha256(body).hexdigest()[:32]}"
        return tuple(
            hint
            for number in _of_check(_mapping(payload, event), payload)
            for hint in _hint(payload, number, retest=again)
        )
    return ()


def _of_check(check: dict[str, Any], payload: dict[str, Any]) -> list[Any]:
    """The pull requests of a check run that are this repository's: its branch may go to others' too.

    GitHub names none of a fork: there the run that it tells of says which.
    """
    repository = _mapping(payload, "repository").get("id")
    named, run = check.get("pull_requests"), check.get("external_id")
    if isinstance(named, list) and named:
        ours = [each for each in named if isinstance(each, dict) and _base(each) in (repository, None)]
        return [each.get("number") for each in ours[:_MOST_OF_A_CHECK]]
    found = _OF_RUN.search(run) if isinstance(run, str) else None
    return [int(found[1])] if found else []


def _base(pull_request: dict[str, Any]) -> Any:
    """The number of the repository that a pull request would go to."""
    return _mapping(_mapping(pull_request, "base"), "repo").get("id")


def _hint(payload: dict[str, Any], number: Any, **more: Any) -> tuple[Hint, ...]:
    repository = _mapping(payload, "repository")
    owner, repo = _mapping(repository, "owner").get("login"), repository.get("name")
    named = {"owner": owner, "repo": repo, "pr": str(_number(number))}
    if not all(isinstance(text, str) and BY_NAME[name].accepts(text) for name, text in named.items()):
        return ()
    return (Hint(str(owner), str(repo), _number(number), **more),)


def _number(found: Any) -> int:
    """A number of the forge, 0 for what is none."""
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 10**18 else 0


def _mapping(payload: dict[str, Any], key: str) -> dict[str, Any]:
    found = payload.get(key)
    return found if isinstance(found, dict) else {}
