"""Reads pull requests from Gitea (and Forgejo, which kept its API); seen of Gitea 1.26.

The token needs the scopes read:repository and read:organization, its user to administer the repositories: Gitea tells
nobody else what another user may do there. Only to an owner of the organization it tells who is in a team: to anybody
else the members of teams that write are as strangers, unless they are collaborators too.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Conflict, Missing, Refused, Unclear
from .fields import Fields, items, objects
from .http import MOST_PAGES, Caller, at
from .model import Changes, Comment, Listing, Permission, PullRequest

# The most that Gitea gives unless it was told otherwise.
PER_PAGE = 50
MOST_FILE_PAGES = 60
# Whose account is gone.
_GHOST = -1
_REPOSITORY = "/repos/{owner}/{repo}"
_PERMISSIONS = {
    "none": Permission.NONE,
    "read": Permission.READ,
    "write": Permission.WRITE,
    "admin": Permission.ADMIN,
    "owner": Permission.ADMIN,
}


class Gitea:
    """Gitea as port.Reader."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def pull_request(self, owner: str, repo: str, number: int) -> PullRequest:
        """Return the pull request as it is now."""
        path = at(f"{_REPOSITORY}/pulls/{{number}}", owner=owner, repo=repo, number=number)
        return _pull_request(Fields(self._caller.call("GET", path).data, path))

    def open_pull_requests(self, owner: str, repo: str, tag: str = "") -> Listing | None:
        """Return all open ones.

        Gitea tags no list, so it is never None. The list is complete where as many came as each page says there are.
        """
        path = at(f"{_REPOSITORY}/pulls", owner=owner, repo=repo)
        found: dict[int, PullRequest] = {}
        totals = set()
        # In the order in which they were opened: a new one moves no other to a page that was read.
        for page in self._caller.pages(path, {"state": "open", "sort": "oldest", "limit": PER_PAGE}):
            totals.add(page.headers.get("x-total-count", ""))
            for item in items(page.data, path):
                try:
                    pull_request = _pull_request(Fields(item, path))
                except Unclear:
                    # One that Gitea itself cannot read (a broken repository) must not hide the others.
                    continue
                found[pull_request.number] = pull_request
        return Listing(tuple(found.values()), complete=totals == {str(len(found))})

    def changed_files(self, owner: str, repo: str, number: int) -> Changes:
        """Return the paths that the pull request changes, of what it renames the old ones too."""
        path = at(f"{_REPOSITORY}/pulls/{{number}}/files", owner=owner, repo=repo, number=number)
        pages = list(self._caller.pages(path, {"limit": PER_PAGE}, most=MOST_FILE_PAGES))
        files = [item for page in pages for item in objects(page.data, path)]
        complete = pages[-1].last
        if complete and any(page.headers.get("x-total-count") != str(len(files)) for page in pages):
            raise Unclear(f"{path}: {len(files)} files came, which is not what the forge counts")
        old = [item.text("previous_filename") for item in files if item.text("status") == "renamed"]
        return Changes((*(item.text("filename") for item in files), *old), complete)

    def comment(self, owner: str, repo: str, number: int, comment: int) -> Comment:
        """Return a comment of the pull request. Raises Missing where it is another's, or deleted."""
        path = at(f"{_REPOSITORY}/issues/comments/{{comment}}", owner=owner, repo=repo, comment=comment)
        item = Fields(self._caller.call("GET", path).data, path)
        if _hangs_on(item) != str(number):
            raise Missing(f"{path}: the comment is none on pull request {number}")
        return _comment(item, number)

    def comments(self, owner: str, repo: str, since: str) -> Sequence[Comment]:
        """Return the comments on pull requests that are of this RFC 3339 time or later."""
        path = at(f"{_REPOSITORY}/issues/comments", owner=owner, repo=repo)
        found: list[Fields] = []
        # This list leads to no next page: how many there are it says.
        for page in range(1, MOST_PAGES + 1):
            answer = self._caller.call("GET", path, query={"since": since, "limit": PER_PAGE, "page": page})
            found += (listed := objects(answer.data, path))
            if answer.headers.get("x-total-count") == str(len(found)):
                return [_comment(item, int(number)) for item in found if (number := _hangs_on(item)).isdecimal()]
            if not listed:
                break
        raise Unclear(f"{path}: {len(found)} comments came, which is not what the forge counts")

    def permission(self, owner: str, repo: str, login: str) -> Permission:
        """Return what a user may do in the repository; nothing, where nobody has the name."""
        found = self._own_permission(owner, repo, login)
        return found if found >= Permission.WRITE else max(found, self._permission_of_teams(owner, repo, login))

    def _own_permission(self, owner: str, repo: str, login: str) -> Permission:
        path = at(f"{_REPOSITORY}/collaborators/{{login}}/permission", owner=owner, repo=repo, login=login)
        try:
            name = Fields(self._caller.call("GET", path).data, path).text("permission")
        except Missing:
            return Permission.NONE
        return _permission(name)

    def _permission_of_teams(self, owner: str, repo: str, login: str) -> Permission:
        """Return what a user may do as a member: of a team's rights to code the call above says nothing."""
        path = at(f"{_REPOSITORY}/teams", owner=owner, repo=repo)
        try:
            teams = objects(self._caller.call("GET", path).data, path)
        except (Conflict, Refused):
            # The repository is a person's, or the token has no scope read:organization: what is not known is no right.
            return Permission.NONE
        found = Permission.NONE
        for team in teams:
            units = team.inner("units_map")
            offered = _permission(units.text("repo.code")) if units.has("repo.code") else Permission.NONE
            if offered > found and self._member(team.number("id"), login):
                found = offered
        return found

    def _member(self, team: int, login: str) -> bool:
        path = at("/teams/{team}/members/{login}", team=team, login=login)
        try:
            found = Fields(self._caller.call("GET", path).data, path).text("login")
        except (Missing, Refused):
            # No member, or the asker is no owner. A stranger has to be answered all the same, so he is none.
            return False
        return found.lower() == login.lower()


def _hangs_on(comment: Fields) -> str:
    # An address of the page that people see.
    return comment.text("pull_request_url").rpartition("/")[2]


def _comment(item: Fields, number: int) -> Comment:
    written = item.text("created_at")
    author, edited = item.inner("user").text("login"), item.text("updated_at") != written
    return Comment(item.number("id"), number, author, item.text("body"), written, edited)


def _permission(name: str) -> Permission:
    # What a later Gitea may call something else gives no right.
    return _PERMISSIONS.get(name, Permission.NONE)


def _pull_request(item: Fields) -> PullRequest:
    head, base = item.inner("head"), item.inner("base")
    source, ours, author = head.inner_or_none("repo"), base.inner("repo"), item.inner("user")
    # Whoever may read can push to refs/for/main (AGit): then the head is of no branch of the repository.
    branch = head.text("label")
    return PullRequest(
        owner=ours.inner("owner").text("login"),
        repo=ours.text("name"),
        number=item.number("number"),
        head=head.commit("sha"),
        branch=branch,
        base=base.text("ref"),
        author=author.text("login"),
        # Of a bot Gitea shows no more than that it is its own: those users' numbers are negative.
        bot=author.number("id") < 0 and author.number("id") != _GHOST,
        open=item.text("state") == "open",
        merged=item.flag("merged"),
        fork=source is None or not branch or source.number("id") != ours.number("id"),
        draft=item.flag("draft"),
        labels=frozenset(label.text("name") for label in item.each("labels")),
        title=item.text("title"),
        updated=item.text("updated_at"),
        created=item.text("created_at"),
    )
