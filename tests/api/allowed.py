"""The calls that our identities make at Gitea, all of them: whoever adds one adds it here, and none merges."""

from __future__ import annotations

import re

_API = "/api/v1"
_REPOSITORY = "/repos/{owner}/{repo}"
READER = frozenset(
    {
        ("GET", f"{_REPOSITORY}/collaborators/{{login}}/permission"),
        ("GET", f"{_REPOSITORY}/issues/comments"),
        ("GET", f"{_REPOSITORY}/issues/comments/{{number}}"),
        ("GET", f"{_REPOSITORY}/pulls"),
        ("GET", f"{_REPOSITORY}/pulls/{{number}}"),
        ("GET", f"{_REPOSITORY}/pulls/{{number}}/files"),
        ("GET", f"{_REPOSITORY}/teams"),
        ("GET", "/teams/{number}/members/{login}"),
    }
)
REPORTER = frozenset(
    {
        ("GET", "/user"),
        ("GET", f"{_REPOSITORY}/commits/{{commit}}/status"),
        ("POST", f"{_REPOSITORY}/statuses/{{commit}}"),
        ("GET", f"{_REPOSITORY}/issues/{{number}}/comments"),
        ("POST", f"{_REPOSITORY}/issues/{{number}}/comments"),
        ("GET", f"{_REPOSITORY}/issues/comments/{{number}}"),
        ("PATCH", f"{_REPOSITORY}/issues/comments/{{number}}"),
        ("POST", f"{_REPOSITORY}/issues/comments/{{number}}/reactions"),
    }
)
QA = frozenset(
    {
        ("GET", "/user"),
        ("GET", f"{_REPOSITORY}/pulls/{{number}}/reviews"),
        ("POST", f"{_REPOSITORY}/pulls/{{number}}/reviews"),
        ("DELETE", f"{_REPOSITORY}/pulls/{{number}}/reviews/{{number}}"),
    }
)
ALL = READER | REPORTER | QA


def template(path: str) -> str:
    """Return an API's path with names in the places of values."""
    found = path.partition("?")[0].removeprefix(_API)
    found = re.sub(r"^/repos/[^/]+/[^/]+", _REPOSITORY, found)
    found = re.sub(r"/[0-9a-f]{40}(?=/|$)", "/{commit}", found)
    found = re.sub(r"(/collaborators|/members)/[^/]+", r"\1/{login}", found)
    return re.sub(r"/[0-9]+(?=/|$)", "/{number}", found)
