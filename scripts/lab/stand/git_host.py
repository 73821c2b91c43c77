"""The forge as its administrator uses it from this machine: git, and what the scenarios do by its API."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from implementation_dag.base.git import HTTP_VERSION
from implementation_dag.base.wait import until
from implementation_dag.forge.errors import ForgeError, Missing
from scripts.lab.errors import LabError
from scripts.lab.forge.driver import ADMIN, Driver
from scripts.lab.stand.certificates import GIT_HOST

TIME_LIMIT = 60
FILED_SECONDS = 30.0


@dataclass(frozen=True)
class Shown:
    """Reviews and comments of a pull request, as the forge's API gives them."""

    reviews: list[dict[str, Any]]
    comments: list[dict[str, Any]]


@dataclass(frozen=True)
class GitHost:
    """`address` and `port` are where the forge answers from here; `bundle` is a file of its authority.

    `name` is the forge's name in the cluster, `token` its administrator's.
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
        """Run git in `cwd` with the server's address, authority and token. Raises LabError."""
        token = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        settings = {
            "http.extraHeader": f"Authorization: Basic {token}",
            # Services of the cluster are never behind this machine's proxy.
            "http.proxy": "",
            "http.version": HTTP_VERSION,
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
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"git {arguments[0]} did not end within {TIME_LIMIT} s") from None
        if done.returncode:
            raise LabError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def references(self, owner: str, repo: str, pattern: str, cwd: Path) -> dict[str, str]:
        """References of the repository that match `pattern`: name → commit. Raises LabError."""
        lines = self.git("ls-remote", self.url(owner, repo), pattern, cwd=cwd).splitlines()
        return {name: commit for commit, name in (line.split("\t", 1) for line in lines)}

    def create_repository(self, owner: str, repo: str, empty: bool = True) -> None:
        """Create the repository unless it is there, with a first commit on main or empty. Raises LabError."""
        with self._driver() as driver:
            try:
                driver.call("GET", "/repos/{owner}/{repo}", owner=owner, repo=repo)
            except Missing:
                driver.repository(owner, repo, empty)

    def open_pull_request(self, owner: str, repo: str, branch: str, title: str = "") -> int:
        """Open a pull request of a pushed branch, unless there is one; return its number. Raises LabError."""
        with self._driver() as driver:
            if not until(lambda: driver.knows(owner, repo, branch), FILED_SECONDS, 0.2):
                raise LabError(f"the forge does not know branch {branch} after {FILED_SECONDS:.0f} s")
            return driver.open(owner, repo, branch, title)

    def protect(self, owner: str, repo: str, branch: str) -> None:
        """Let nobody of the product push to a branch or merge into it. Raises LabError."""
        with self._driver() as driver:
            if not driver.protected(owner, repo, branch):
                driver.protect(owner, repo, branch)

    def hook(self, owner: str, repo: str, url: str, secret: str) -> None:
        """Let the forge tell `url` of what happens to the repository's pull requests. Raises LabError."""
        with self._driver() as driver:
            if url not in driver.hooks(owner, repo):
                driver.hook(owner, repo, url, secret)

    def label(self, owner: str, repo: str, number: int, name: str) -> None:
        """Put a label on a pull request. Raises LabError."""
        with self._driver() as driver:
            driver.label(owner, repo, number, name)

    def shown(self, owner: str, repo: str, number: int) -> Shown:
        """Return what people see on a pull request. Raises LabError."""
        with self._driver() as driver:
            return Shown(driver.reviews(owner, repo, number), driver.comments(owner, repo, number))

    def reserve(self, owner: str, repo: str, number: int) -> None:
        """Let the next pull request of a fresh repository have this number, if it is not yet given. Raises LabError.

        The forge numbers issues and pull requests in one row.
        """
        with self._driver() as driver:
            while (last := driver.last_number(owner, repo)) + 1 < number:
                driver.issue(owner, repo, f"Number {last + 1} is not used")

    @contextmanager
    def _driver(self) -> Iterator[Driver]:
        way = AtAddress(self.name, self.address, self.port, self.bundle.read_text())
        driver = Driver(f"https://{self.name}:{self.port}", ADMIN, self.token, transport=way)
        try:
            yield driver
        except ForgeError as error:
            raise LabError(f"the forge at {self.address}:{self.port}: {error}") from error
        finally:
            driver.close()


class AtAddress(httpx2.BaseTransport):
    """Reaches a server whose name is known in the cluster only; `bundle` holds its authority (PEM)."""

    def __init__(self, name: str, address: str, port: int, bundle: str) -> None:
        self._name = name
        self._place = (address, port)
        self._inner = httpx2.HTTPTransport(verify=ssl.create_default_context(cadata=bundle))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request, whose Host stays what it is."""
        request.extensions = {**request.extensions, "sni_hostname": self._name}
        request.url = request.url.copy_with(host=self._place[0], port=self._place[1])
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
