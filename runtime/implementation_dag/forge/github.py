"""Pull requests as GitHub's REST API says them."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Missing, Unclear
from .fields import Fields, objects
from .http import at
from .identity import Identity
from .model import Changes, Comment, Listing, Permission, PullRequest

# Of api.github.com and of GitHub Enterprise alike.
HEADERS = {
    "Accept": "application/vnd.github+json",
    "User-Agent": "implementation-dag",
    "X-GitHub-Api-Version": "2022-11-28",
}
PAGE = 100
# Whose account is gone.
GHOST = "ghost"
_PULLS = "/repos/{owner}/{repo}/pulls"
# role_name may be an organisation's own; `permission` is one of these, maintain counted as write, triage as read.
_PERMISSIONS = {
    "none": Permission.NONE,
    "read": Permission.READ,
    "write": Permission.WRITE,
    "admin": Permission.ADMIN,
}


class GitHubReader:
    """Reads as `identity`."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def pull_request(self, owner: str, repo: str, number: int) -> PullRequest:
        """Return the pull request as it is now."""
        path = at(_PULLS + "/{number}", owner=owner, repo=repo, number=number)
        found = Fields(self._identity.caller(owner, repo).call("GET", path).data, f"GET {path}")
        return _pull_request(found, merged=found.flag("merged"))

    def open_pull_requests(self, owner: str, repo: str, tag: str = "") -> Listing | None:
        """Return all open ones, or None when nothing changed since the answer with this ETag."""
        path = at(_PULLS, owner=owner, repo=repo)
        query: dict[str, str | int] = {"state": "open", "sort": "created", "direction": "asc", "per_page": PAGE}
        found: dict[int, PullRequest] = {}
        first, complete = "", False
        for answer in self._identity.caller(owner, repo).pages(path, query, tag=tag):
            if answer.unchanged:
                return None
            first, complete = first or answer.tag, answer.last
            for one in objects(answer.data, f"GET {path}"):
                pull_request = _pull_request(one, merged=False)
                found[pull_request.number] = pull_request
        # Of several pages the first one's tag says nothing of the others.
        return Listing(tuple(found.values()), complete, first if len(found) <= PAGE else "")

    def changed_files(self, owner: str, repo: str, number: int) -> Changes:
        """Return the paths that the pull request changes; of one that moved both. GitHub lists 3,000 files."""
        path = at(_PULLS + "/{number}/files", owner=owner, repo=repo, number=number)
        found: dict[str, None] = {}
        complete = False
        for answer in self._identity.caller(owner, repo).pages(path, {"per_page": PAGE}, most=30):
            complete = answer.last
            for one in objects(answer.data, f"GET {path}"):
                found[one.text("filename")] = None
                if one.text("status") == "renamed":
                    found[one.text("previous_filename")] = None
        return Changes(tuple(found), complete)

    def comment(self, owner: str, repo: str, number: int, comment: int) -> Comment:
        """Return a comment of the pull request. Raises Missing where it is another's, or deleted."""
        path = at("/repos/{owner}/{repo}/issues/comments/{comment}", owner=owner, repo=repo, comment=comment)
        found = Fields(self._identity.caller(owner, repo).call("GET", path).data, f"GET {path}")
        if _hangs_on(found) != str(number):
            raise Missing(f"GET {path}: the comment is none on pull request {number}")
        return _comment(found, number)

    def comments(self, owner: str, repo: str, since: str) -> Sequence[Comment]:
        """Return the comments on pull requests and issues that are of this RFC 3339 time or later."""
        path = at("/repos/{owner}/{repo}/issues/comments", owner=owner, repo=repo)
        query: dict[str, str | int] = {"since": since, "sort": "updated", "direction": "asc", "per_page": PAGE}
        pages = list(self._identity.caller(owner, repo).pages(path, query))
        if not pages[-1].last:
            raise Unclear(f"GET {path}: more comments than are listed")
        found = [one for page in pages for one in objects(page.data, f"GET {path}")]
        return [_comment(one, int(number)) for one in found if (number := _hangs_on(one)).isdecimal()]

    def permission(self, owner: str, repo: str, login: str) -> Permission:
        """Return what a user may do in the repository; one who is no collaborator, as a bot, nothing."""
        path = at("/repos/{owner}/{repo}/collaborators/{login}/permission", owner=owner, repo=repo, login=login)
        try:
            found = Fields(self._identity.caller(owner, repo).call("GET", path).data, f"GET {path}")
        except Missing:
            return Permission.NONE
        return _PERMISSIONS.get(found.text("permission"), Permission.NONE)


def _hangs_on(comment: Fields) -> str:
    return comment.text("issue_url").rpartition("/")[2]


def _comment(found: Fields, number: int) -> Comment:
    author, written = found.inner_or_none("user"), found.text("created_at")
    # Its text may be left out of an answer.
    body = found.text("body") if found.has("body") else ""
    name = author.text("login") if author else GHOST
    return Comment(found.number("id"), number, name, body, written, found.text("updated_at") != written)


def _pull_request(found: Fields, *, merged: bool) -> PullRequest:
    head, base = found.inner("head"), found.inner("base")
    source, author, ours = head.inner_or_none("repo"), found.inner_or_none("user"), base.inner("repo")
    return PullRequest(
        owner=ours.inner("owner").text("login"),
        repo=ours.text("name"),
        number=found.number("number"),
        head=head.commit("sha"),
        branch=head.text("ref"),
        base=base.text("ref"),
        author=author.text("login") if author else GHOST,
        # An app of GitHub's own has a name as a person's: Copilot.
        bot=author is not None and author.text("type") == "Bot",
        open=found.text("state") == "open",
        merged=merged,
        # A fork that was deleted is one all the same.
        fork=source is None or source.number("id") != ours.number("id"),
        draft=found.flag("draft"),
        labels=frozenset(label.text("name") for label in found.each("labels")),
        title=found.text("title"),
        updated=found.text("updated_at"),
        created=found.text("created_at"),
    )
