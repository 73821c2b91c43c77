"""What was read stays true until something of its kind is written: nothing else acts on the server of a history."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx2

# The kind of what a path names; of a Namespace, and what is done to one, the last group is empty.
KIND = re.compile(r"/apis?/(?:[^/]+/)?v[^/]+/(?:namespaces(?:/[^/]+(?:/(?:status|finalize)?$|/|$)|$))?([^/]*)")
Answer = httpx2.Response


class Memory:
    """Answers of an API server. With `keeps` False it remembers nothing: each play is to be the same without it."""

    def __init__(self, keeps: bool) -> None:
        self._keeps = keeps
        # By kind; then by who asked, and for what.
        self._known: dict[str, dict[tuple[str, ...], Answer]] = {}

    def answer(self, who: str, request: httpx2.Request, ask: Callable[[], Answer]) -> Answer:
        """Return what was answered to the same question, or ask."""
        kind = kind_of(request.url.path)
        if request.method != "GET" or not self._keeps:
            answer = ask()
            # With a namespace goes what is in it.
            if kind:
                self._known.pop(kind, None)
            else:
                self._known.clear()
            return answer
        known = self._known.setdefault(kind, {})
        question = (who, str(request.url), request.headers.get("accept", ""))
        if question not in known:
            known[question] = ask()
        found = known[question]
        return httpx2.Response(found.status_code, headers=found.headers, content=found.content, request=request)


def kind_of(path: str) -> str:
    """Return the kind that a path names, in its plural; empty: namespaces."""
    found = KIND.match(path)
    assert found, path
    return found[1]
