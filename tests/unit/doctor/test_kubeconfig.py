"""KUBECONFIG as people have it: several files, one that is not there, a credential plugin that is not installed."""

from pathlib import Path

import pytest

from idag.doctor.__main__ import main

CLUSTER = 'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]\n'
USER = """\
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
users:
  - name: a
    user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: no-plugin, interactiveMode: Never}}
"""


def told(given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("KUBECONFIG", given)
    assert main([]) == 1
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    return errors


def test_several_files_are_one_and_a_missing_plugin_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one").write_text(CLUSTER, encoding="utf-8")
    (tmp_path / "two").write_text(USER, encoding="utf-8")
    both = f"{tmp_path / 'one'}:{tmp_path / 'two'}:{tmp_path / 'none'}"
    assert "executable no-plugin not found" in told(both, monkeypatch, capsys)


def test_a_file_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "none: there is no such file" in told(str(tmp_path / "none"), monkeypatch, capsys)


def test_a_file_that_is_no_text_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    assert "control characters" in told(str(tmp_path / "binary"), monkeypatch, capsys)
