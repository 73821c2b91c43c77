"""A GitHub that keeps what it is told. What is called and what it answers is checked against GitHub's description."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import jwt

from .description import Description, Operation

Fault = Callable[[httpx2.Request, Callable[[], httpx2.Response]], httpx2.Response]
_REPO = "/repos/{owner}/{repo}"
# What each operation needs of a token: the description does not say it, "Permissions required for GitHub Apps" does.
_NEEDS = {
    "check-runs": "checks",
    "deployments": "deployments",
    "issues": "pull_requests",
    "pulls": "pull_requests",
    "collaborators": "metadata",
}


class Answer(Exception):
    """What the API answers in place of success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class State:
    """All that is kept, for one repository."""

    pull_requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    reactions: set[tuple[int, str, str]] = field(default_factory=set)
    files: list[dict[str, Any]] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    last: int = 1000

    def next(self) -> int:
        """Return a new number."""
        self.last += 1
        return self.last


class GitHub(httpx2.BaseTransport):
    """The API at https://api.github.com for the repository acme/shop, on which some apps are installed."""

    def __init__(self, description: Description, apps: dict[int, str], public_key: str) -> None:
        self._description, self._apps, self._public_key = description, apps, public_key
        self.state = State()
        self.calls: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        # Most of a test's time; what is called a thousand times alike is looked at once.
        self.checks = True
        # Of the call with this number, once.
        self.faults: dict[int, Fault] = {}
        self._tokens: dict[str, tuple[int, dict[str, str]]] = {}

    def open(self, number: int, head: str, author: str = "dev", **fields: Any) -> dict[str, Any]:
        """Have a pull request."""
        operation = self._description.operation("GET", f"/repos/acme/shop/pulls/{number}")
        found: dict[str, Any] = self._description.example(operation, 200)
        found |= {"number": number, "state": "open", "merged": False, "draft": False, "requested_teams": []} | fields
        found["user"]["login"] = author
        found["base"]["repo"] |= {"name": "shop", "full_name": "acme/shop"}
        found["base"]["repo"]["owner"] |= {"login": "acme"}
        found["head"] = found["head"] | {"sha": head, "ref": "change", "repo": found["base"]["repo"]}
        self.state.pull_requests[number] = found
        return found

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request, with the fault that its number has."""
        path = request.url.raw_path.decode().partition("?")[0]
        operation = self._description.operation(request.method, path)
        number = len(self.calls)
        self.calls.append((request.method, operation.template))

        def answered() -> httpx2.Response:
            return self._answered(operation, request)

        fault = self.faults.pop(number, None)
        return fault(request, answered) if fault else answered()

    def _answered(self, operation: Operation, request: httpx2.Request) -> httpx2.Response:
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        body = json.loads(request.content) if request.content else None
        if self.checks:
            self.wrong += self._description.wrong_request(operation, query, body)
        headers: dict[str, str] = {}
        try:
            app, permissions = self._who(request, operation)
            status, data = self._act(operation, query, body, app, permissions)
            if isinstance(data, list):
                data, headers = _page(data, query, request.url)
        except Answer as answer:
            status, data = answer.status, {"message": answer.message, "documentation_url": "https://docs.github.com"}
        else:
            if self.checks:
                self.wrong += self._description.wrong_answer(operation, status, data)
        return httpx2.Response(status, headers=headers, json=data)

    def _who(self, request: httpx2.Request, operation: Operation) -> tuple[int, dict[str, str]]:
        scheme, _, credential = request.headers["authorization"].partition(" ")
        if scheme != "Bearer":
            raise Answer(401, "Bad credentials")
        if credential in self._tokens:
            return self._tokens[credential]
        try:
            claims = jwt.decode(credential, self._public_key, algorithms=["RS256"])
        except jwt.PyJWTError:
            raise Answer(401, "Bad credentials") from None
        if claims["exp"] - claims["iat"] > 600 or not operation.template.startswith(("/app", f"{_REPO}/installation")):
            raise Answer(401, "A JSON web token could not be decoded")
        return int(claims["iss"]), {}

    def _act(
        self, operation: Operation, query: dict[str, str], body: Any, app: int, permissions: dict[str, str]
    ) -> tuple[int, Any]:
        names = operation.names
        if {"owner", "repo"} <= names.keys() and (names["owner"], names["repo"]) != ("acme", "shop"):
            raise Answer(404, "Not Found")
        subject = operation.template.removeprefix(_REPO).strip("/").split("/")
        needed = next((_NEEDS[word] for word in reversed(subject) if word in _NEEDS), None)
        level = permissions.get(needed, "") if needed else "write"
        if level != "write" and (operation.method != "GET" or level != "read"):
            raise Answer(403, "Resource not accessible by integration")
        name = f"_{operation.method.lower()}_" + "_".join(word for word in subject if not word.startswith("{"))
        act: Callable[..., tuple[int, Any]] = getattr(self, name.replace("-", "_"))
        return act(operation, query, body, f"{self._apps[app]}[bot]", app)

    def _example(self, operation: Operation, status: int) -> Any:
        return self._description.example(operation, status)

    def _get_app(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        return 200, self._example(operation, 200) | {"id": app, "slug": self._apps[app]}

    def _get_installation(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        return 200, self._example(operation, 200) | {"id": app + 10, "app_id": app}

    def _post_app_installations_access_tokens(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        if body["repositories"] != ["shop"]:
            raise Answer(422, "There is at least one repository that does not exist")
        token = f"ghs_{self.state.next()}"
        self._tokens[token] = (app, body["permissions"])
        answer = {"token": token, "expires_at": "2040-01-01T00:00:00Z", "permissions": body["permissions"]}
        return 201, self._example(operation, 201) | answer

    def _pull_request(self, operation: Operation) -> dict[str, Any]:
        found = self.state.pull_requests.get(int(operation.names["pull_number"]))
        if found is None:
            raise Answer(404, "Not Found")
        return found

    def _get_pulls(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        if "pull_number" in operation.names:
            return 200, self._pull_request(operation)
        example = self._example(operation, 200)[0] | {"requested_teams": []}
        chosen = [one for one in self.state.pull_requests.values() if one["state"] == "open"]
        return 200, [{name: one.get(name, value) for name, value in example.items()} for one in chosen]

    def _get_pulls_files(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        example = self._example(operation, 200)[0]
        return 200, [example | one for one in self.state.files]

    def _get_collaborators_permission(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        permission = self.state.permissions.get(operation.names["username"])
        if permission is None:
            raise Answer(404, "Not Found")
        answer = self._example(operation, 200) | {"permission": permission}
        answer["user"] |= {"login": operation.names["username"], "role_name": permission}
        return 200, answer

    def _get_commits_check_runs(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        found: dict[str, dict[str, Any]] = {}
        for one in self.state.check_runs:
            if one["head_sha"] == operation.names["ref"] and one["app"]["id"] == int(query["app_id"]):
                found[one["name"]] = one
        return 200, {"total_count": len(found), "check_runs": [_without(one) for one in found.values()]}

    def _post_check_runs(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        one = self._example(operation, 201)
        one |= {"id": self.state.next(), "name": body["name"], "head_sha": body["head_sha"], "external_id": ""}
        one |= {"status": "queued", "conclusion": None, "completed_at": None, "details_url": "https://app.example.com"}
        one["app"]["id"] = app
        one["output"] |= {"title": None, "summary": None, "text": None, "annotations_count": 0}
        one["annotations"] = []
        self.state.check_runs.append(one)
        _update(one, body)
        return 201, _without(one)

    def _patch_check_runs(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        wanted = int(operation.names["check_run_id"])
        one = next((one for one in self.state.check_runs if one["id"] == wanted and one["app"]["id"] == app), None)
        if one is None:
            raise Answer(404, "Not Found")
        _update(one, body)
        return 200, _without(one)

    def _get_deployments(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        found = [one for one in self.state.deployments if one["environment"] == query["environment"]]
        return 200, [_without(one) for one in reversed(found)]

    def _post_deployments(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        # Both would be something else than to note a deployment.
        assert body["auto_merge"] is False
        assert body["required_contexts"] == []
        given = {name: body[name] for name in ("environment", "description", "ref")}
        one = self._example(operation, 201) | given | {"id": self.state.next(), "sha": body["ref"], "statuses": []}
        self.state.deployments.append(one)
        return 201, _without(one)

    def _deployment(self, operation: Operation) -> dict[str, Any]:
        wanted = int(operation.names["deployment_id"])
        return next(one for one in self.state.deployments if one["id"] == wanted)

    def _get_deployments_statuses(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        return 200, list(reversed(self._deployment(operation)["statuses"]))

    def _post_deployments_statuses(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        given = {name: body.get(name, "") for name in ("environment_url", "log_url")}
        one = self._example(operation, 201) | given | {"id": self.state.next(), "state": body["state"]}
        self._deployment(operation)["statuses"].append(one)
        return 201, one

    def comment(self, login: str, text: str) -> int:
        """Have somebody's comment; return its number."""
        operation = self._description.operation("POST", "/repos/acme/shop/issues/7/comments")
        one = self._example(operation, 201) | {"id": self.state.next(), "body": text}
        one["user"]["login"] = login
        self.state.comments.append(one)
        return int(one["id"])

    def _get_issues_comments(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        return 200, self._comment(operation) if "comment_id" in operation.names else self.state.comments

    def _post_issues_comments(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        self.comment(login, body["body"])
        return 201, self.state.comments[-1]

    def _comment(self, operation: Operation) -> dict[str, Any]:
        wanted = int(operation.names["comment_id"])
        found = next((one for one in self.state.comments if one["id"] == wanted), None)
        if found is None:
            raise Answer(404, "Not Found")
        return found

    def _patch_issues_comments(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        found = self._comment(operation)
        assert found["user"]["login"] == login, "somebody else's comment"
        found["body"] = body["body"]
        return 200, found

    def _post_issues_comments_reactions(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        reaction = (int(operation.names["comment_id"]), login, body["content"])
        status = 200 if reaction in self.state.reactions else 201
        self.state.reactions.add(reaction)
        return status, self._example(operation, status) | {"content": body["content"]}

    def _get_pulls_reviews(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        return 200, self.state.reviews

    def review(self, login: str, state: str, commit: str | None, text: str = "") -> dict[str, Any]:
        """Have somebody's review."""
        operation = self._description.operation("POST", "/repos/acme/shop/pulls/7/reviews")
        one: dict[str, Any] = self._example(operation, 200)
        one |= {"id": self.state.next(), "state": state, "commit_id": commit, "body": text}
        one["user"]["login"] = login
        self.state.reviews.append(one)
        return one

    def _post_pulls_reviews(self, operation: Operation, query: Any, body: Any, login: str, app: int) -> tuple[int, Any]:
        if self._pull_request(operation)["user"]["login"] == login and body["event"] != "COMMENT":
            raise Answer(422, "Review Can not approve your own pull request")
        states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
        return 200, self.review(login, states[body["event"]], body["commit_id"], body["body"])

    def _put_pulls_reviews_dismissals(
        self, operation: Operation, query: Any, body: Any, login: str, app: int
    ) -> tuple[int, Any]:
        one = next(one for one in self.state.reviews if one["id"] == int(operation.names["review_id"]))
        if one["state"] not in ("APPROVED", "CHANGES_REQUESTED"):
            raise Answer(422, "Can not dismiss a commented pull request review")
        one["state"] = "DISMISSED"
        return 200, one


def _update(check_run: dict[str, Any], body: dict[str, Any]) -> None:
    check_run |= {name: value for name, value in body.items() if name != "output"}
    if "conclusion" in body:
        check_run["status"] = "completed"
    elif "status" in body:
        assert body["status"] != "completed", "a conclusion is needed"
    output = dict(body.get("output", {}))
    check_run["annotations"] += output.pop("annotations", [])
    check_run["output"] |= output | {"annotations_count": len(check_run["annotations"])}


def _without(one: dict[str, Any]) -> dict[str, Any]:
    """Return what the API shows of something."""
    return {name: value for name, value in one.items() if name not in ("annotations", "statuses")}


def _page(items: list[Any], query: dict[str, str], url: httpx2.URL) -> tuple[list[Any], dict[str, str]]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    more = len(items) > size * page
    following = url.copy_merge_params({"page": page + 1})
    return items[size * (page - 1) : size * page], {"link": f'<{following}>; rel="next"'} if more else {}
