"""A forge's comments and reviews in memory, behind the API that GitHub and Gitea share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from implementation_dag.forge.http import Caller

US = "reporter"
_PULL_REQUEST = re.compile(r"/repos/acme/shop/(issues|pulls)/(\d+)/(comments|reviews)")
_COMMENT = re.compile(r"/repos/acme/shop/issues/comments/(\d+)(/reactions)?")


@dataclass
class Peer:
    """Answers as `US`; pages are short, so that there are several."""

    page: int = 2
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    reactions: list[tuple[int, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def login(self) -> str:
        """Return our name: the peer is our identity too."""
        return US

    def caller(self, owner: str, repo: str) -> Caller:
        """Return what calls it."""
        return Caller("https://forge.example.com", lambda: "Bearer x", transport=httpx2.MockTransport(self.answer))

    def comment(self, author: str, text: str, number: int = 7) -> int:
        """Let somebody comment; return the comment's number."""
        found = len(self.calls) + len(self.comments) + 1000
        self.comments[found] = {"id": found, "user": {"login": author}, "body": text, "number": number}
        return found

    def texts(self, author: str) -> list[str]:
        """Return what that author wrote."""
        return [one["body"] for one in self.comments.values() if one["user"]["login"] == author]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as both forges do."""
        self.calls.append(request.method)
        said = json.loads(request.content or b"{}")
        if one := _COMMENT.fullmatch(request.url.path):
            return self._one(request.method, int(one[1]), bool(one[2]), said)
        of = _PULL_REQUEST.fullmatch(request.url.path)
        assert of, request.url.path
        if request.method == "POST":
            if of[3] == "reviews":
                self.reviews.append(said)
                return httpx2.Response(200, json={})
            return httpx2.Response(201, json=self.comments[self.comment(US, said["body"], int(of[2]))])
        known = self.reviews if of[3] == "reviews" else self.comments.values()
        return self._listed([one for one in known if one.get("number", 7) == int(of[2])], request)

    def _one(self, method: str, number: int, reaction: bool, said: dict[str, str]) -> httpx2.Response:
        if number not in self.comments:
            return httpx2.Response(404, json={})
        if reaction:
            self.reactions.append((number, said["content"]))
        elif method == "PATCH":
            self.comments[number]["body"] = said["body"]
        return httpx2.Response(200, json=self.comments[number])

    def _listed(self, known: Iterable[dict[str, Any]], request: httpx2.Request) -> httpx2.Response:
        found, start = list(known), (int(request.url.params["page"]) - 1) * self.page
        more = {"link": '<https://elsewhere.example.com>; rel="next"'} if start + self.page < len(found) else {}
        return httpx2.Response(200, json=found[start : start + self.page], headers=more)
