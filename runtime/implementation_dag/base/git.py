"""The pull request in its git repository, by git's own protocol: no forge API is needed to find a commit."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from implementation_dag.base import proxy, wait

from .errors import StepError
from .log import say

CREDENTIALS = Path("/var/run/secrets/implementation-dag/git")
TIME_LIMIT = 120
# A forge that is started anew, or a resolver, is away for so long: no run fails for it.
AWAY_SECONDS, PAUSE_SECONDS = 60.0, 3.0
NOBODY = re.compile(
    r"Failed to connect|Couldn't connect|Could not resolve|Connection (reset|refused)|Empty reply"
    r"|returned error: (429|50[0234])"
)
# Debian 12's libcurl breaks an upload by HTTP/2 that the network takes more slowly than git gives it (decision 134).
HTTP_VERSION = "HTTP/1.1"
# Nothing of the repository or its host may run programs here or name local files.
HARDENING = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=true",
    "protocol.allow=never",
    "submodule.recurse=false",
    "filter.lfs.smudge=cat",
    "filter.lfs.process=",
    "filter.lfs.required=false",
    "gc.auto=0",
    # Larger files pass through without being held in memory, and are not compared line by line.
    "core.bigFileThreshold=16m",
    "safe.directory=*",
    # The credential is for the address that was asked for, and for no other that it names.
    "http.followRedirects=false",
    f"http.version={HTTP_VERSION}",
]


class GitError(StepError):
    """git failed; the text has its own last words."""


def environment(url: str) -> dict[str, str]:
    """Return the environment of git: hardening, and for `url` alone its protocol, credentials and proxy; never on disk.

    An empty `url` is for commands that reach nobody.
    """
    settings = [tuple(setting.split("=", 1)) for setting in HARDENING]
    if url:
        settings.append((f"protocol.{urlsplit(url).scheme}.allow", "always"))
    if url and (CREDENTIALS / "password").exists():
        user, password = ((CREDENTIALS / key).read_text().strip() for key in ("username", "password"))
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        settings.append((f"http.{url}.extraHeader", f"Authorization: Basic {token}"))
    env = {key: os.environ[key] for key in ("PATH", "SSL_CERT_FILE", "GIT_SSL_CAINFO") if key in os.environ}
    if url:
        env |= proxy.environment()
    # LFS pointers stay pointers, and a prompt for a password would wait for ever.
    env |= {"HOME": "/tmp", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_LFS_SKIP_SMUDGE": "1"}  # noqa: S108
    env["GIT_CONFIG_COUNT"] = str(len(settings))
    for index, (key, value) in enumerate(settings):
        env |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return env


def output(*arguments: str, cwd: Path | None = None, stdin: bytes | None = None, url: str = "") -> bytes:
    """Run git and return its standard output; `url` is the one address that it may reach. Raises GitError."""
    name = next((text for text in arguments if not text.startswith("-")), "")
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            input=stdin,
            env=environment(url),
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {name} did not end within {TIME_LIMIT} s") from None
    if done.returncode:
        # A forge's own lines come before git's; whoever shows one line of it shows all.
        words = "; ".join(filter(None, map(str.strip, done.stderr.decode(errors="replace").splitlines())))
        if "terminal prompts disabled" in words and not (CREDENTIALS / "password").exists():
            words += " (it was asked without credentials: value git.credentialsSecret, or no such Secret yet)"
        raise GitError(f"git {name} failed: {words or f'exit code {done.returncode}'}")
    return done.stdout


def patiently(*arguments: str, cwd: Path | None = None, url: str) -> bytes:
    """Run git as `output` does, a command that only reads; again for a minute where nobody answers. Raises GitError."""
    for left in wait.rounds(AWAY_SECONDS, PAUSE_SECONDS):
        try:
            return output(*arguments, cwd=cwd, url=url)
        except GitError as error:
            if not left or not NOBODY.search(str(error)):
                raise
            say(f"{error}: trying again")
    raise AssertionError("unreachable")


def git(*arguments: str, cwd: Path | None = None, url: str = "") -> str:
    """Run git as `output` does and return its standard output as text, undecodable bytes replaced. Raises GitError."""
    return output(*arguments, cwd=cwd, url=url).decode(errors="replace")


def repository_url(base_url: str, owner: str, repo: str) -> str:
    """Return the clone address below `base_url`."""
    return f"{base_url.rstrip('/')}/{owner}/{repo}.git"


def references(url: str, ask: Callable[..., bytes] = output) -> dict[str, str]:
    """Return every reference of the repository: name → commit; HEAD → name of the default branch. Raises GitError."""
    found: dict[str, str] = {}
    # No splitlines(): a name may hold what Unicode takes for the end of a line.
    for line in ask("ls-remote", "--symref", "--", url, url=url).decode(errors="surrogateescape").split("\n")[:-1]:
        at, name = line.split("\t", 1)
        # HEAD comes twice: first what it points to, then its commit.
        found.setdefault(name, at.removeprefix("ref: "))
    return found


def fetch(url: str, commit: str, folder: Path) -> None:
    """Check out exactly `commit` of `url` into the new `folder`. Raises GitError."""
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", "--initial-branch=work", cwd=folder)
    patiently("fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit, cwd=folder, url=url)
    git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=folder)
    found = git("rev-parse", "HEAD", cwd=folder).strip()
    if found != commit:
        raise GitError(f"{url} gave commit {found} where {commit} was asked for")
