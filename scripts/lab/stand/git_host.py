"""A git server of git_server.py as seen from this machine: git itself and the two calls of its API."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.errors import DemoError

TIME_LIMIT = 60


@dataclass(frozen=True)
class GitHost:
    """`address` and `port` are where the server answers from here; `bundle` is a file of its authority.

    `name` is the server's name in the cluster.
    """

    address: str
    port: int
    token: str
    bundle: Path
    name: str = GIT_HOST

    def url(self, owner: str, repo: str) -> str:
        """Clone address of a repository."""
        return f"https://{self.name}:{self.port}/{owner}/{repo}.git"

    def git(self, *arguments: str, cwd: Path) -> str:
        """Run git in `cwd` with the server's address, authority and token. Raises DemoError."""
        token = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        settings = {
            "http.extraHeader": f"Authorization: Basic {token}",
            # Services of the cluster are never behind this machine's proxy.
            "http.proxy": "",
            # The server's name is known in the cluster only.
            "http.curloptResolve": f"{self.name}:{self.port}:{self.address}",
            "user.name": "Demo",
            "user.email": "demo@example.com",
            "safe.directory": "*",
            "gc.auto": "0",
        }
        env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(cwd)}
        # A variable, because a user's own one would win over the setting http.sslCAInfo.
        env["GIT_SSL_CAINFO"] = str(self.bundle)
        env["GIT_CONFIG_COUNT"] = str(len(settings))
        for index, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
        done = subprocess.run(
            ["git", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
        if done.returncode:
            raise DemoError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def references(self, owner: str, repo: str, pattern: str, cwd: Path) -> dict[str, str]:
        """References of the repository that match `pattern`: name → commit. Raises DemoError."""
        lines = self.git("ls-remote", self.url(owner, repo), pattern, cwd=cwd).splitlines()
        return {name: commit for commit, name in (line.split("\t", 1) for line in lines)}

    def create_repository(self, owner: str, repo: str) -> None:
        """Create the repository unless it is there. Raises DemoError."""
        self._call("/api/repos", {"owner": owner, "name": repo})

    def open_pull_request(self, owner: str, repo: str, number: int, branch: str) -> None:
        """Open pull request `number` of `branch`. Raises DemoError."""
        self._call(f"/api/repos/{owner}/{repo}/pulls", {"number": number, "head": branch})

    def _call(self, path: str, document: dict[str, object]) -> None:
        context = ssl.create_default_context(cafile=str(self.bundle))
        try:
            with httpx.Client(verify=context, timeout=TIME_LIMIT, trust_env=False) as client:
                answer = client.post(
                    f"https://{self.address}:{self.port}{path}",
                    json=document,
                    auth=("x-access-token", self.token),
                    headers={"Host": self.name},
                    extensions={"sni_hostname": self.name},
                )
        except httpx.HTTPError as error:
            raise DemoError(f"the git server does not answer at {self.address}:{self.port}: {error}") from error
        if answer.is_error:
            raise DemoError(f"git server, {path}: {answer.status_code} {answer.text.strip()}")
