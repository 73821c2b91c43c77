"""A forge that is away for a moment fails no run; one that refuses does at once."""

import socket

import pytest

from implementation_dag.base import git


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "PAUSE_SECONDS", 0.01)


def test_where_nobody_answers_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/acme/shop.git"
    ask, tries = git.output, []

    def third_time(*arguments: str, cwd: object = None, url: str = "") -> bytes:
        tries.append(arguments)
        return b"commit\tHEAD\n" if len(tries) == 3 else ask("ls-remote", nobody, url=nobody)

    monkeypatch.setattr(git, "output", third_time)
    assert git.references(nobody, git.patiently) == {"HEAD": "commit"}


def test_after_its_time_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "AWAY_SECONDS", 0.1)
    with pytest.raises(git.GitError, match=r"git ls-remote failed: .*127\.0\.0\.1"):
        git.patiently("ls-remote", "--", "http://127.0.0.1:1/acme/shop.git", url="http://127.0.0.1:1/acme/shop.git")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("fatal: unable to access 'https://git/': Could not resolve host: git", True),
        ("fatal: unable to access 'https://git/': The requested URL returned error: 503", True),
        ("fatal: unable to access 'https://git/': The requested URL returned error: 403", False),
        ("fatal: repository 'https://git/' not found", False),
    ],
)
def test_what_a_forge_answers_is_its_answer(monkeypatch: pytest.MonkeyPatch, words: str, again: bool) -> None:
    tries = []

    def refused(*arguments: str, **_: object) -> bytes:
        tries.append(arguments)
        raise git.GitError(f"git fetch failed: {words}")

    monkeypatch.setattr(git, "output", refused)
    monkeypatch.setattr(git, "AWAY_SECONDS", 0.1)
    with pytest.raises(git.GitError, match="git fetch failed"):
        git.patiently("fetch", url="https://git/")
    assert (len(tries) > 1) == again
