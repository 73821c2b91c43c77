"""The git server and the token in git.credentialsSecret: enough rights, and as far as can be seen not too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from implementation_dag.base import git
from implementation_dag.base.asking import explain

from .finding import Finding, ok, problem, unknown

SECONDS = 15.0
# Scopes of a classic token that fetching and pushing need (GitHub: "Scopes for OAuth apps").
ENOUGH = {"repo", "public_repo"}
# What a token with no more than contents and pull requests cannot read of a repository; and the permission it shows.
EXCESS = {"hooks": "Webhooks", "actions/secrets": "Secrets", "keys": "Administration"}


@dataclass(frozen=True)
class Server:
    """The git server of the values; `repository` is owner/repo to try, or empty. `user` and `token` may be empty."""

    base_url: str
    repository: str
    user: str
    token: str

    @property
    def authorization(self) -> httpx2.BasicAuth | None:
        """The credentials as git sends them."""
        return httpx2.BasicAuth(self.user, self.token) if self.token else None


def check(server: Server, client: httpx2.Client) -> Iterator[Finding]:
    """Look at the server, then at what the token opens there. `client` trusts what git trusts."""
    try:
        answer = client.get(server.base_url, timeout=SECONDS)
    except httpx2.HTTPError as error:
        step, why = explain(error, SECONDS)
        remedy = "see values git.baseUrl and trust.configMap, and the egress rules of this namespace"
        yield problem("git server", f"{server.base_url} does not answer ({step}): {why}", remedy)
        return
    yield ok("git server", f"{server.base_url} answers")
    if not server.repository:
        yield unknown(
            "git access",
            "no repository to try",
            "set the value installationTest.repository to an owner/repo that the pipeline works on",
        )
    else:
        yield from _repository(server, client)
    if server.token:
        yield from _scope(server, client, answer)


def _repository(server: Server, client: httpx2.Client) -> Iterator[Finding]:
    url = git.repository_url(server.base_url, *server.repository.split("/"))
    try:
        count = len(git.references(url))
    except git.GitError as error:
        yield problem("git access", str(error), "may the token read the repository (contents: read)? Has it expired?")
        return
    yield ok("git access", f"{server.repository} has {count} references")
    if not server.token:
        return
    # The first answer of a push: the server tells here whether it would take one, and nothing is pushed.
    answer = client.get(f"{url}/info/refs", params={"service": "git-receive-pack"}, auth=server.authorization)
    if answer.status_code == httpx2.codes.OK:
        yield ok("git push", f"the token may push to {server.repository}")
    else:
        yield problem(
            "git push",
            f"the token may not push to {server.repository} (status {answer.status_code})",
            "give it contents: write, or the agents' changes cannot reach the pull request",
        )


def api_address(base_url: str, answer: httpx2.Response) -> str:
    """Return the address of GitHub's API that belongs to a git server, or "" when it is another's.

    `answer` is any answer of the server: GitHub's carry its request id.
    """
    host = urlsplit(base_url).netloc
    if host == "github.com":
        return "https://api.github.com"
    return f"{base_url.rstrip('/')}/api/v3" if "x-github-request-id" in answer.headers else ""


def _scope(server: Server, client: httpx2.Client, answer: httpx2.Response) -> Iterator[Finding]:
    subject, api = "token scope", api_address(server.base_url, answer)
    if not api:
        yield unknown(
            subject, "not GitHub: what else the token opens cannot be seen", "give it one repository or group"
        )
        return
    headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/vnd.github+json"}
    probe = client.get(f"{api}/rate_limit", headers=headers, timeout=SECONDS)
    if probe.status_code == httpx2.codes.UNAUTHORIZED:
        yield problem(subject, "GitHub does not know the token", "has it expired or been revoked? Put a new one in")
        return
    if "x-oauth-scopes" in probe.headers:
        yield _classic(subject, probe.headers["x-oauth-scopes"])
    elif not server.repository:
        yield unknown(
            subject, "GitHub lists no scopes of such a token", "set installationTest.repository to try it there"
        )
    else:
        yield _tried(subject, api, server.repository, client, headers)


def _classic(subject: str, header: str) -> Finding:
    scopes = {scope.strip() for scope in header.split(",") if scope.strip()}
    if not scopes & ENOUGH:
        return problem(subject, f"scopes {sorted(scopes)} do not let it push", "it needs repo, or public_repo")
    if excess := sorted(scopes - ENOUGH):
        return problem(
            subject, f"more than is needed: {', '.join(excess)}", "make one with repo only, or of a GitHub App"
        )
    return ok(subject, f"classic token, {', '.join(sorted(scopes))} and nothing more")


def _tried(subject: str, api: str, repository: str, client: httpx2.Client, headers: dict[str, str]) -> Finding:
    answers = {
        permission: client.get(f"{api}/repos/{repository}/{path}", headers=headers, timeout=SECONDS).status_code
        for path, permission in EXCESS.items()
    }
    if open_ := [permission for permission, status in answers.items() if status == httpx2.codes.OK]:
        return problem(
            subject, f"opens more of {repository} than is needed: {', '.join(open_)}", "take these permissions from it"
        )
    return ok(subject, f"opens none of {', '.join(EXCESS.values())} of {repository}")
