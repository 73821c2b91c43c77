"""The git token is there for one address and one command at a time, and renewed at once."""

from pathlib import Path

import pytest

from implementation_dag.base import git

URL = "https://git.example.com/acme/shop.git"


def settings(url: str) -> dict[str, str]:
    found = git.environment(url)
    count = int(found["GIT_CONFIG_COUNT"])
    return {found[f"GIT_CONFIG_KEY_{index}"]: found[f"GIT_CONFIG_VALUE_{index}"] for index in range(count)}


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(git, "CREDENTIALS", tmp_path)
    (tmp_path / "username").write_text("x-access-token")
    (tmp_path / "password").write_text("first")
    return tmp_path


def test_each_command_reads_the_mounted_token_anew(secret: Path) -> None:
    first = settings(URL)[f"http.{URL}.extraHeader"]
    (secret / "password").write_text("second")
    assert first != settings(URL)[f"http.{URL}.extraHeader"]


def test_a_command_that_reaches_nobody_has_no_token_and_no_protocol(secret: Path) -> None:
    found = git.environment("")
    assert not [value for value in found.values() if "Authorization" in value]
    assert not [key for key, value in settings("").items() if key.startswith("protocol.") and value == "always"]


def test_the_token_is_for_one_address(secret: Path) -> None:
    assert [key for key, value in settings(URL).items() if "Authorization" in value] == [f"http.{URL}.extraHeader"]
    assert [key for key, value in settings(URL).items() if value == "always"] == ["protocol.https.allow"]


def test_git_sends_it_to_that_address_alone(secret: Path) -> None:
    """git itself decides which configuration an address gets."""

    def sent(url: str) -> str:
        return git.output("config", "--get-urlmatch", "http.extraHeader", url, url=URL).decode()

    assert "Authorization" in sent(URL)
    for other in ("https://git.example.com/acme/other.git", "https://evil.example.com/acme/shop.git"):
        with pytest.raises(git.GitError):
            sent(other)


def test_it_follows_no_redirect() -> None:
    assert settings(URL)["http.followRedirects"] == "false"


def test_it_speaks_http_1_1() -> None:
    assert settings(URL)["http.version"] == "HTTP/1.1"
