"""KUBECONFIG as people have it: several files, one that is not there, relative names, credential plugins."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from lightkube.config.models import Cluster

from idag.cli import run
from idag.cluster import credential, kubeconfig
from idag.cluster.errors import ClusterError

CLUSTER = 'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]\n'
USER = """\
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a, namespace: mine}}, {name: b, context: {cluster: a}}]
users:
  - name: a
    user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: no-plugin, interactiveMode: Never,
      installHint: get it}}
"""
Told = Callable[[str], str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Function that returns the one line that is said of a KUBECONFIG."""

    def of(given: str) -> str:
        monkeypatch.setenv("KUBECONFIG", given)
        assert run(["doctor"]) == 2
        errors = capsys.readouterr().err
        assert len(errors.splitlines()) == 1
        return errors

    return of


def test_several_files_are_one_and_a_missing_plugin_is_named(tmp_path: Path, told: Told) -> None:
    (tmp_path / "one").write_text(CLUSTER, encoding="utf-8")
    (tmp_path / "two").write_text(USER, encoding="utf-8")
    both = f"{tmp_path / 'one'}:{tmp_path / 'two'}:{tmp_path / 'none'}"
    assert "plugin no-plugin cannot be run: No such file or directory; get it" in told(both)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, told: Told) -> None:
    assert "none is not there; set KUBECONFIG" in told(str(tmp_path / "none"))


def test_a_file_that_is_no_text_is_told(tmp_path: Path, told: Told) -> None:
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    assert "is no text (a binary file?)" in told(str(tmp_path / "binary"))


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path, told: Told) -> None:
    (tmp_path / "config").write_text(CLUSTER + USER.replace("user: a, ", "").partition("\n")[2].partition("\n")[2])
    assert "cannot reach the API server: https://127.0.0.1:1 does not answer" in told(str(tmp_path / "config"))


@pytest.mark.parametrize(("context", "namespace"), [("", "mine"), ("b", "default")])
def test_a_context_is_chosen(context: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_text(USER, encoding="utf-8")
    # The first file that has a name wins.
    (tmp_path / "two").write_text(CLUSTER + USER.replace("mine", "theirs").partition("\n")[2].partition("\n")[2])
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    found, plugin = kubeconfig.chosen(context)
    assert (found.namespace, found.cluster.server) == (namespace, "https://127.0.0.1:1")
    assert bool(plugin) == (context == "")


def test_an_unknown_context_says_which_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_text(USER, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "one"))
    with pytest.raises(ClusterError, match="no context 'c'; it has a, b"):
        kubeconfig.chosen("c")


def test_names_of_files_are_relative_to_their_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "kube").mkdir()
    plugin = {"exec": {"command": "./plugin"}, "tokenFile": "token"}
    document = {
        "users": [{"name": "a", "user": plugin}],
        "clusters": [{"name": "a", "cluster": {"certificate-authority": "ca"}}],
    }
    (tmp_path / "kube" / "config").write_text(yaml.safe_dump(document))
    read = kubeconfig.merged([tmp_path / "kube" / "config"])
    assert read["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "kube" / "ca")
    assert read["users"][0]["user"]["tokenFile"] == str(tmp_path / "kube" / "token")
    assert read["users"][0]["user"]["exec"]["command"] == str(tmp_path / "kube" / "plugin")


def plugin(folder: Path, text: str, **fields: object) -> dict[str, object]:
    """Return the section of a plugin that prints `text`, and its input to a file."""
    program = folder / "plugin"
    program.write_text(
        f"#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" > {folder / 'given'}\ncat <<'END'\n{text}\nEND\n"
    )
    program.chmod(0o755)
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), **fields}


def test_a_plugin_gives_a_token_that_ends(tmp_path: Path) -> None:
    answer = {"status": {"token": "secret", "expirationTimestamp": "2020-01-01T00:00:00Z"}}
    asked = plugin(tmp_path, json.dumps(answer), provideClusterInfo=True)
    found = credential.ask(asked, Cluster(server="https://here"))
    assert found.user.token == "secret"
    assert not found.fresh
    assert json.loads((tmp_path / "given").read_text())["spec"]["cluster"]["server"] == "https://here"


def test_a_plugin_gives_a_certificate(tmp_path: Path) -> None:
    answer = {"status": {"clientCertificateData": "PEM", "clientKeyData": "KEY"}}
    found = credential.ask(plugin(tmp_path, json.dumps(answer)), Cluster())
    assert base64.b64decode(found.user.client_cert_data or "") == b"PEM"
    assert found.fresh


@pytest.mark.parametrize(
    ("answer", "fields", "words"),
    [
        ("no JSON", {}, "gave no ExecCredential"),
        ('{"status": {}}', {}, "neither token nor clientCertificateData"),
        ("{}", {"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "allowed: client.authentication.k8s.io/v1, "),
        ("{}", {"command": "false"}, "ended with exit code 1"),
    ],
)
def test_a_plugin_that_fails_is_told(answer: str, fields: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=words):
        credential.ask(plugin(tmp_path, answer) | fields, Cluster())
