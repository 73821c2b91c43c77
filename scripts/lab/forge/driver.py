"""What tests do at the forge, as one of its users: repositories, branches, pull requests, comments, reviews."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import httpx2

from implementation_dag.base.wait import rounds
from implementation_dag.forge.errors import Conflict, Missing
from implementation_dag.forge.http import Caller, at

# Who sets the forge up.
ADMIN = "administrator"
EVENTS = ("push", "pull_request", "pull_request_sync", "pull_request_label", "issue_comment", "pull_request_review")
NOTED_SECONDS = 30


class Driver:
    """The API as the user `login` with `token`; the password makes tokens. Calls raise ForgeError."""

    def __init__(
        self,
        url: str,
        login: str,
        token: str,
        password: str = "",
        ca_file: Path | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self.login = login
        self.token = token
        self._ca_file = ca_file
        self._transport = transport
        basic = base64.b64encode(f"{login}:{password}".encode()).decode()
        api = f"{url}/api/v1"
        self.caller = Caller(api, lambda: f"token {token}", ca_file=ca_file, transport=transport)
        self._with_password = Caller(api, lambda: f"Basic {basic}", ca_file=ca_file, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self.caller.close()
        self._with_password.close()

    def call(self, method: str, path: str, body: Any = None, /, **names: str | int) -> Any:
        """Return the content of an answer."""
        return self.caller.call(method, at(path, **names), body=body).data

    # As the administrator.

    def user(self, login: str, scopes: tuple[str, ...] = ("all",)) -> Driver:
        """Make a user, unless there is one, and return the API as that user."""
        try:
            self.call("GET", "/users/{login}", login=login)
        except Missing:
            document = {"username": login, "email": f"{login}@example.com", "must_change_password": False}
            self.call("POST", "/admin/users", document | {"password": secrets.token_hex(16)})
        token = self.new_token(login, scopes)
        return Driver(self.url, login, token, ca_file=self._ca_file, transport=self._transport)

    def new_token(self, login: str, scopes: tuple[str, ...]) -> str:
        """Return a new token of a user; Gitea makes them for who gives a password."""
        document = {"name": secrets.token_hex(8), "scopes": list(scopes)}
        found = self._with_password.call("POST", at("/users/{login}/tokens", login=login), body=document)
        return str(found.data["sha1"])

    def delete_user(self, login: str) -> None:
        """Delete a user with all that is theirs; comments and pull requests in others' repositories stay."""
        self.caller.call("DELETE", at("/admin/users/{login}", login=login), query={"purge": "false"})

    def organization(self, name: str) -> None:
        """Make an organization that everybody sees."""
        self.call("POST", "/orgs", {"username": name, "visibility": "public"})

    def team(self, organization: str, name: str, login: str, permission: str) -> None:
        """Make a team of one user, who may read or write all its repositories; owner: make them one of its owners."""
        if permission == "owner":
            teams = self.call("GET", "/orgs/{organization}/teams", organization=organization)
            (owners,) = [team["id"] for team in teams if team["permission"] == "owner"]
            self.call("PUT", "/teams/{id}/members/{login}", id=owners, login=login)
            return
        units = dict.fromkeys(("repo.code", "repo.pulls", "repo.issues"), permission)
        document = {"name": name, "permission": permission, "includes_all_repositories": True, "units_map": units}
        made = self.call("POST", "/orgs/{organization}/teams", document, organization=organization)
        self.call("PUT", "/teams/{id}/members/{login}", id=made["id"], login=login)

    # As anybody.

    def repository(self, owner: str, repo: str, empty: bool = False, private: bool = True) -> None:
        """Make a repository, with a first commit on main unless it is to be empty."""
        document = {"name": repo, "private": private, "auto_init": not empty, "default_branch": "main"}
        path = "/user/repos" if owner == self.login else at("/orgs/{owner}/repos", owner=owner)
        self.caller.call("POST", path, body=document)

    def fork(self, owner: str, repo: str) -> None:
        """Fork a repository into one's own."""
        self.call("POST", "/repos/{owner}/{repo}/forks", {}, owner=owner, repo=repo)

    def allow(self, owner: str, repo: str, login: str, permission: str) -> None:
        """Make a user a collaborator who may read, write or administer (admin)."""
        path = "/repos/{owner}/{repo}/collaborators/{login}"
        self.call("PUT", path, {"permission": permission}, owner=owner, repo=repo, login=login)

    def hook(self, owner: str, repo: str, url: str, secret: str, events: tuple[str, ...] = EVENTS) -> int:
        """Let the forge tell `url` of a repository's events; returns the hook's id."""
        document = {
            "type": "gitea",
            "active": True,
            "events": list(events),
            "config": {"url": url, "content_type": "json", "secret": secret},
        }
        return int(self.call("POST", "/repos/{owner}/{repo}/hooks", document, owner=owner, repo=repo)["id"])

    def hooks(self, owner: str, repo: str) -> list[str]:
        """Where the forge tells of a repository's events."""
        found = self.call("GET", "/repos/{owner}/{repo}/hooks", owner=owner, repo=repo)
        return [hook["config"]["url"] for hook in found]

    def push(self, owner: str, repo: str, branch: str, files: dict[str, str], since: str = "") -> str:
        """Commit new files to a branch, made from the branch `since` where it is given; returns the commit."""
        changes = [
            {"operation": "create", "path": path, "content": base64.b64encode(text.encode()).decode()}
            for path, text in files.items()
        ]
        where = {"branch": since, "new_branch": branch} if since else {"branch": branch}
        document = {"files": changes, "message": f"Change {branch}", **where}
        found = self.call("POST", "/repos/{owner}/{repo}/contents", document, owner=owner, repo=repo)
        return str(found["commit"]["sha"])

    def protect(self, owner: str, repo: str, branch: str) -> None:
        """Let nobody but this user push to a branch, or merge into it."""
        only = {f"enable_{what}_whitelist": True for what in ("push", "merge")} | {
            f"{what}_whitelist_usernames": [self.login] for what in ("push", "merge")
        }
        document = {"rule_name": branch, "enable_push": True, **only}
        self.call("POST", "/repos/{owner}/{repo}/branch_protections", document, owner=owner, repo=repo)

    def protected(self, owner: str, repo: str, branch: str) -> bool:
        """Whether there is a rule for a branch."""
        found = self.call("GET", "/repos/{owner}/{repo}/branch_protections", owner=owner, repo=repo)
        return branch in [rule["rule_name"] for rule in found]

    def branch(self, owner: str, repo: str, name: str, since: str) -> None:
        """Make a branch at the head of another."""
        document = {"new_branch_name": name, "old_branch_name": since}
        self.call("POST", "/repos/{owner}/{repo}/branches", document, owner=owner, repo=repo)

    def knows(self, owner: str, repo: str, branch: str) -> bool:
        """Whether the forge has filed a pushed branch away, which it does after it has answered the push."""
        if self.call("GET", "/repos/{owner}/{repo}", owner=owner, repo=repo)["empty"]:
            return False
        try:
            self.call("GET", "/repos/{owner}/{repo}/branches/{branch}", owner=owner, repo=repo, branch=branch)
        except Missing:
            return False
        return True

    def open(self, owner: str, repo: str, head: str, title: str = "", base: str = "main") -> int:
        """Open a pull request of a branch, or of `login:branch` of a fork; returns its number, or the open one's."""
        document = {"head": head, "base": base, "title": title or head}
        path = "/repos/{owner}/{repo}/pulls"
        # Gitea notes what was pushed a little later: until then there is no such branch.
        for left in rounds(NOTED_SECONDS):
            try:
                return int(self.call("POST", path, document, owner=owner, repo=repo)["number"])
            except Missing:
                if not left:
                    raise
            except Conflict:
                break
        path += "/{base}/{head}"
        return int(self.call("GET", path, owner=owner, repo=repo, base=base, head=head)["number"])

    def rename(self, owner: str, repo: str, number: int, title: str) -> None:
        """Give a pull request another title; one that begins with "WIP:" makes it a draft."""
        path = "/repos/{owner}/{repo}/pulls/{number}"
        self.call("PATCH", path, {"title": title}, owner=owner, repo=repo, number=number)

    def issue(self, owner: str, repo: str, title: str) -> int:
        """Open an issue; returns its number."""
        return int(
            self.call("POST", "/repos/{owner}/{repo}/issues", {"title": title}, owner=owner, repo=repo)["number"]
        )

    def last_number(self, owner: str, repo: str) -> int:
        """Return the highest number that an issue or pull request has, 0 where there is none."""
        path = at("/repos/{owner}/{repo}/issues", owner=owner, repo=repo)
        found = self.caller.call("GET", path, query={"state": "all", "limit": 1, "type": ""}).data
        return int(found[0]["number"]) if found else 0

    def set_open(self, owner: str, repo: str, number: int, wanted: bool) -> None:
        """Close a pull request, or reopen it."""
        document = {"state": "open" if wanted else "closed"}
        path = "/repos/{owner}/{repo}/pulls/{number}"
        self.call("PATCH", path, document, owner=owner, repo=repo, number=number)

    def comment(self, owner: str, repo: str, number: int, body: str) -> int:
        """Comment on a pull request; returns the comment's id."""
        path = "/repos/{owner}/{repo}/issues/{number}/comments"
        return int(self.call("POST", path, {"body": body}, owner=owner, repo=repo, number=number)["id"])

    def comments(self, owner: str, repo: str, number: int) -> list[dict[str, Any]]:
        """Comments on a pull request, the oldest first."""
        path = "/repos/{owner}/{repo}/issues/{number}/comments"
        return list(self.call("GET", path, owner=owner, repo=repo, number=number))

    def reviews(self, owner: str, repo: str, number: int) -> list[dict[str, Any]]:
        """Reviews of a pull request, the oldest first."""
        path = "/repos/{owner}/{repo}/pulls/{number}/reviews"
        return list(self.call("GET", path, owner=owner, repo=repo, number=number))

    def label(self, owner: str, repo: str, number: int, name: str) -> None:
        """Put a label on a pull request; it is made where the repository has none of that name."""
        place: dict[str, str | int] = {"owner": owner, "repo": repo}
        labels = {label["name"]: label for label in self.call("GET", "/repos/{owner}/{repo}/labels", **place)}
        new = {"name": name, "color": "#00aabb"}
        made = labels.get(name) or self.call("POST", "/repos/{owner}/{repo}/labels", new, **place)
        path = "/repos/{owner}/{repo}/issues/{number}/labels"
        self.call("POST", path, {"labels": [made["id"]]}, number=number, **place)

    def review(self, owner: str, repo: str, number: int, event: str, commit: str, body: str = "") -> int:
        """Review (APPROVED, REQUEST_CHANGES, COMMENT) a commit; returns the review's id."""
        document = {"event": event, "commit_id": commit, "body": body}
        path = "/repos/{owner}/{repo}/pulls/{number}/reviews"
        return int(self.call("POST", path, document, owner=owner, repo=repo, number=number)["id"])
