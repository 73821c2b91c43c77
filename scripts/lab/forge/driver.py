"""What tests do at the forge, as one of its users: repositories, branches, pull requests, comments, reviews."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

from implementation_dag.forge.errors import Missing
from implementation_dag.forge.http import Caller, at

EVENTS = ("push", "pull_request", "pull_request_sync", "pull_request_label", "issue_comment", "pull_request_review")


class Driver:
    """The API as the user `login` with `token`; the password makes tokens. Calls raise ForgeError."""

    def __init__(self, url: str, login: str, token: str, password: str = "", ca_file: Path | None = None) -> None:
        self.url = url
        self.login = login
        self.token = token
        self._ca_file = ca_file
        self.caller = Caller(f"{url}/api/v1", lambda: f"token {token}", ca_file=ca_file)
        basic = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._with_password = Caller(f"{url}/api/v1", lambda: f"Basic {basic}", ca_file=ca_file)

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
        return Driver(self.url, login, self.new_token(login, scopes), ca_file=self._ca_file)

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

    # As anybody.

    def repository(self, owner: str, repo: str, private: bool = True) -> None:
        """Make a repository with a first commit on main."""
        document = {"name": repo, "private": private, "auto_init": True, "default_branch": "main"}
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

    def branch(self, owner: str, repo: str, name: str, since: str) -> None:
        """Make a branch at the head of another."""
        document = {"new_branch_name": name, "old_branch_name": since}
        self.call("POST", "/repos/{owner}/{repo}/branches", document, owner=owner, repo=repo)

    def open(self, owner: str, repo: str, head: str, title: str = "", base: str = "main") -> int:
        """Open a pull request of a branch, or of `login:branch` of a fork; returns its number."""
        document = {"head": head, "base": base, "title": title or head}
        return int(self.call("POST", "/repos/{owner}/{repo}/pulls", document, owner=owner, repo=repo)["number"])

    def rename(self, owner: str, repo: str, number: int, title: str) -> None:
        """Give a pull request another title; one that begins with "WIP:" makes it a draft."""
        path = "/repos/{owner}/{repo}/pulls/{number}"
        self.call("PATCH", path, {"title": title}, owner=owner, repo=repo, number=number)

    def set_open(self, owner: str, repo: str, number: int, wanted: bool) -> None:
        """Close a pull request, or reopen it."""
        document = {"state": "open" if wanted else "closed"}
        path = "/repos/{owner}/{repo}/pulls/{number}"
        self.call("PATCH", path, document, owner=owner, repo=repo, number=number)

    def comment(self, owner: str, repo: str, number: int, body: str) -> int:
        """Comment on a pull request; returns the comment's id."""
        path = "/repos/{owner}/{repo}/issues/{number}/comments"
        return int(self.call("POST", path, {"body": body}, owner=owner, repo=repo, number=number)["id"])

    def label(self, owner: str, repo: str, number: int, name: str) -> None:
        """Make a label and put it on a pull request."""
        place: dict[str, str | int] = {"owner": owner, "repo": repo}
        made = self.call("POST", "/repos/{owner}/{repo}/labels", {"name": name, "color": "#00aabb"}, **place)
        path = "/repos/{owner}/{repo}/issues/{number}/labels"
        self.call("POST", path, {"labels": [made["id"]]}, number=number, **place)

    def review(self, owner: str, repo: str, number: int, event: str, commit: str, body: str = "") -> int:
        """Review (APPROVED, REQUEST_CHANGES, COMMENT) a commit; returns the review's id."""
        document = {"event": event, "commit_id": commit, "body": body}
        path = "/repos/{owner}/{repo}/pulls/{number}/reviews"
        return int(self.call("POST", path, document, owner=owner, repo=repo, number=number)["id"])
