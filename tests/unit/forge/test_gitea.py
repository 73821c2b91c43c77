"""What Gitea says of teams, also as no real one says it."""

from __future__ import annotations

import httpx2
import pytest

from implementation_dag.forge.errors import ForgeError
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.http import Caller
from implementation_dag.forge.model import Permission


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"login": "Ada"}, Permission.WRITE),
        (200, {"login": "eve"}, Permission.READ),
        (404, {"message": "not found"}, Permission.READ),
        (403, {"message": "must be a member"}, Permission.READ),
        (200, {"message": "login required"}, None),
        (204, None, None),
        (304, None, None),
    ],
)
def test_a_member_is_who_the_answer_names(
    status: int, answer: dict[str, str] | None, expected: Permission | None
) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/permission"):
            return httpx2.Response(200, json={"permission": "read"})
        if path.endswith("/teams"):
            return httpx2.Response(200, json=[{"id": 1, "units_map": {"repo.code": "write"}}])
        return httpx2.Response(status, json=answer) if answer else httpx2.Response(status)

    gitea = Gitea(Caller("https://x.example.com/api/v1", lambda: "token x", transport=httpx2.MockTransport(handler)))
    if expected is None:
        with pytest.raises(ForgeError):
            gitea.permission("acme", "shop", "ada")
    else:
        assert gitea.permission("acme", "shop", "ada") == expected
