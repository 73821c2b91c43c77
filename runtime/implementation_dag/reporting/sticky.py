"""The release's comments on a pull request; GitHub and Gitea have the same API for them."""

from __future__ import annotations

from implementation_dag.forge.errors import Missing, Unclear
from implementation_dag.forge.fields import Fields, objects
from implementation_dag.forge.http import at
from implementation_dag.forge.identity import Identity
from implementation_dag.forge.model import Comment, Report

from . import comment

_OF_PULL_REQUEST = "/repos/{owner}/{repo}/issues/{number}/comments"
_ONE = "/repos/{owner}/{repo}/issues/comments/{id}"
_PAGE = 100


class Comments:
    """Writes as `identity`; a comment is ours where its author and its first line are."""

    def __init__(self, identity: Identity, release: str) -> None:
        self._identity, self._release = identity, release
        self._known: dict[tuple[str, str, int], int] = {}

    def show(self, report: Report) -> None:
        """Let the one comment say what the report says."""
        wanted = comment.body(report, self._release)
        where = (report.owner, report.repo, report.number)
        found = self._remembered(*where) or self._find(*where, comment.marker(self._release))
        if found is None:
            self._known[where] = self._write(*where, wanted)
            return
        number, text = found
        self._known[where] = number
        if text != wanted:
            path = at(_ONE, owner=report.owner, repo=report.repo, id=number)
            self._identity.caller(report.owner, report.repo).call("PATCH", path, body={"body": wanted})

    def answer(self, owner: str, repo: str, asked: Comment, done: bool, why: str) -> None:
        """React to a command; where it was not done, say why, once."""
        first_line = comment.refusal_marker(self._release, asked.id)
        if not done and self._find(owner, repo, asked.number, first_line) is None:
            self._write(owner, repo, asked.number, comment.refusal(self._release, asked.id, asked.author, why))
        path = at(_ONE + "/reactions", owner=owner, repo=repo, id=asked.id)
        self._identity.caller(owner, repo).call("POST", path, body={"content": "+1" if done else "confused"})

    def _remembered(self, owner: str, repo: str, number: int) -> tuple[int, str] | None:
        known = self._known.get((owner, repo, number))
        if known is None:
            return None
        path = at(_ONE, owner=owner, repo=repo, id=known)
        try:
            answer = self._identity.caller(owner, repo).call("GET", path)
        except Missing:
            return None
        return self._ours(Fields(answer.data, f"GET {path}"), comment.marker(self._release))

    def _find(self, owner: str, repo: str, number: int, first_line: str) -> tuple[int, str] | None:
        """Return number and text of our comment with that first line. Raises Unclear when not all could be seen."""
        path = at(_OF_PULL_REQUEST, owner=owner, repo=repo, number=number)
        complete = False
        for answer in self._identity.caller(owner, repo).pages(path, {"per_page": _PAGE}):
            complete = answer.last
            for one in objects(answer.data, f"GET {path}"):
                if ours := self._ours(one, first_line):
                    return ours
        if not complete:
            raise Unclear(f"GET {path}: more comments than are read, so a second one of ours might be written")
        return None

    def _ours(self, one: Fields, first_line: str) -> tuple[int, str] | None:
        author, text = one.inner_or_none("user"), one.text("body").replace("\r\n", "\n").rstrip()
        if not author or author.text("login") != self._identity.login() or text.partition("\n")[0] != first_line:
            return None
        return one.number("id"), text

    def _write(self, owner: str, repo: str, number: int, text: str) -> int:
        path = at(_OF_PULL_REQUEST, owner=owner, repo=repo, number=number)
        answer = self._identity.caller(owner, repo).call("POST", path, body={"body": text})
        return Fields(answer.data, f"POST {path}").number("id")
