"""The git stand-in behaves as GitHub where the pipeline can tell: tokens, refs/pull, any commit by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lab.stand.git_server import GitServer

TOKEN = "a-token"
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    server = GitServer(("127.0.0.1", 0), tmp_path_factory.mktemp("git") / "served", TOKEN)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def address(server: GitServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def call(server: GitServer, path: str, document: dict[str, object], token: str = TOKEN) -> int:
    request = urllib.request.Request(address(server) + path, json.dumps(document).encode())
    request.add_header("Authorization", f"Basic {b64encode(f'x:{token}'.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def git(*arguments: str, cwd: Path, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    header = f"http.extraHeader=Authorization: Basic {b64encode(f'x:{token}'.encode()).decode()}"
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(cwd)}
    command = ["git", "-c", header, *IDENTITY, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)


def must(*arguments: str, cwd: Path) -> str:
    done = git(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def pushed(server: GitServer) -> Path:
    assert call(server, "/api/repos", {"owner": "acme", "name": "shop"}) == 201
    folder = server.root.with_name("work")
    folder.mkdir()
    must("init", "--quiet", "--template=", "--initial-branch=main", cwd=folder)
    must("remote", "add", "origin", f"{address(server)}/acme/shop.git", cwd=folder)
    commit(folder, "main")
    must("push", "--quiet", "origin", "main", cwd=folder)
    must("checkout", "--quiet", "-b", "feature", cwd=folder)
    commit(folder, "feature")
    must("push", "--quiet", "origin", "feature", cwd=folder)
    assert call(server, "/api/repos/acme/shop/pulls", {"number": 7, "head": "feature"}) == 201
    return folder


@pytest.fixture
def work(server: GitServer, pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one commit on main and one on branch `feature`, both pushed; pull request 7 is open."""
    monkeypatch.setattr(server, "root", shutil.copytree(server.root, tmp_path / "served"))
    return shutil.copytree(pushed, tmp_path / "work")


def commit(folder: Path, content: str) -> str:
    (folder / "file").write_text(content)
    must("add", "file", cwd=folder)
    must("commit", "--quiet", "-m", content[:20], cwd=folder)
    return must("rev-parse", "HEAD", cwd=folder)


def head(folder: Path, number: int) -> str:
    return must("ls-remote", "origin", f"refs/pull/{number}/head", cwd=folder).split("\t")[0]


def test_each_push_moves_the_pull_request(work: Path) -> None:
    assert head(work, 7) == must("rev-parse", "feature", cwd=work)
    pushed = commit(work, "again")
    must("push", "--quiet", "origin", "feature", cwd=work)
    assert head(work, 7) == pushed


def test_a_push_to_another_branch_does_not_move_it(work: Path) -> None:
    before = head(work, 7)
    commit(work, "other")
    must("push", "--quiet", "origin", "HEAD:refs/heads/other", cwd=work)
    assert head(work, 7) == before


def test_a_deleted_branch_leaves_the_last_head(work: Path) -> None:
    before = head(work, 7)
    must("push", "--quiet", "--delete", "origin", "feature", cwd=work)
    assert head(work, 7) == before


def test_refs_pull_cannot_be_pushed(work: Path) -> None:
    refused = git("push", "origin", "main:refs/pull/7/head", cwd=work)
    assert refused.returncode != 0
    assert head(work, 7) != must("rev-parse", "main", cwd=work)


@pytest.mark.parametrize("command", [["ls-remote", "origin"], ["push", "origin", "main:refs/heads/x"]])
def test_the_wrong_token_may_neither_read_nor_push(work: Path, command: list[str]) -> None:
    assert git(*command, cwd=work, token="wrong").returncode != 0


def test_a_commit_that_no_branch_names_can_be_fetched(work: Path, tmp_path: Path) -> None:
    lost = must("rev-parse", "feature", cwd=work)
    must("commit", "--quiet", "--amend", "-m", "rewritten", cwd=work)
    must("push", "--quiet", "--force", "origin", "feature", cwd=work)
    other = tmp_path / "other"
    other.mkdir()
    must("init", "--quiet", cwd=other)
    url = must("remote", "get-url", "origin", cwd=work)
    must("fetch", "--quiet", "--depth=1", "--filter=tree:0", url, lost, cwd=other)


def test_a_push_larger_than_gits_buffer_streams(work: Path) -> None:
    (work / "large").write_bytes(os.urandom(3_000_000))
    must("add", "large", cwd=work)
    pushed = commit(work, "large")
    # Above this size git sends its body in chunks of unknown number.
    must("-c", "http.postBuffer=65536", "push", "--quiet", "origin", "feature", cwd=work)
    assert head(work, 7) == pushed


@pytest.mark.parametrize(
    ("path", "document", "status"),
    [
        ("/api/repos", {"owner": "acme", "name": "../up"}, 422),
        ("/api/repos/acme/none/pulls", {"number": 1, "head": "main"}, 404),
        ("/api/repos/acme/shop/pulls", {"number": 0, "head": "main"}, 422),
        ("/api/repos/acme/shop/pulls", {"number": 8, "head": "no-such"}, 422),
        ("/api/repos/acme/shop/pulls", {"number": "eight", "head": "main"}, 400),
        ("/elsewhere", {}, 404),
    ],
)
def test_bad_calls_are_refused(
    server: GitServer, work: Path, path: str, document: dict[str, object], status: int
) -> None:
    assert call(server, path, document) == status


def test_the_api_needs_the_token(server: GitServer) -> None:
    assert call(server, "/api/repos", {"owner": "acme", "name": "shop"}, token="wrong") == 401


def test_an_empty_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="token is empty"):
        GitServer(("127.0.0.1", 0), tmp_path, "")
