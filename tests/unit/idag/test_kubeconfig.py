"""KUBECONFIG as people have it: several files, one that is not there, relative names, credential plugins."""

import base64
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lightkube.config.models import Cluster

from idag.cli import run
from idag.cluster import access, credential, kubeconfig
from idag.cluster.errors import ClusterError
from implementation_dag.base.errors import CommandError

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
Object = dict[str, Any]


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
    assert read["clusters"]["a"]["certificate-authority"] == str(tmp_path / "kube" / "ca")
    assert read["users"]["a"]["tokenFile"] == str(tmp_path / "kube" / "token")
    assert read["users"]["a"]["exec"]["command"] == str(tmp_path / "kube" / "plugin")


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


WHOLE: Object = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "a",
    "clusters": [
        {"name": "a", "cluster": {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True}},
        {"name": "b", "cluster": {"server": "https://127.0.0.1:1", "certificate-authority-data": "", "proxy-url": ""}},
    ],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "mine"}}],
    "users": [
        {
            "name": "a",
            "user": {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "no-plugin",
                    "args": ["a"],
                    "env": [{"name": "A", "value": "b"}],
                    "installHint": "get it",
                    "interactiveMode": "Never",
                    "provideClusterInfo": True,
                },
            },
        },
        {"name": "b", "user": {"token": "t"}},
    ],
}


def places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every way into a tree."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*way, key)
        yield from places(inner, (*way, key))


@settings(max_examples=300, deadline=None)
@given(
    way=st.sampled_from([*places(WHOLE)]),
    value=st.sampled_from([None, 5, 1.5, True, "", "a", "\0", "https://host:port", [], [5], {}, {"name": "A"}, [{}]]),
    more=st.sampled_from(
        [{}, {"user": {"token": "t"}}, {"user": {"client-certificate-data": "YQ=="}}, {"user": {"as": "admin"}},
         {"cluster": {"certificate-authority": 5}}, {"cluster": {"tls-server-name": "x"}}, {"user": {"token": ["x"]}}]
    ),
)  # fmt: skip
def test_whatever_is_in_a_kubeconfig_ends_in_words(
    way: tuple[Any, ...], value: object, more: Object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = deepcopy(WHOLE)
    for kind, fields in more.items():
        changed[f"{kind}s"][0][kind] = changed[f"{kind}s"][0][kind] | fields
        if kind == "user":
            changed["users"][0]["user"].pop("exec")
    *before, last = way
    place: Any = changed
    for key in before:
        place = place.get(key, {}) if isinstance(place, dict) else place[key]
    place[last] = value
    path = tmp_path_factory.mktemp("changed") / "config"
    path.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CommandError) as caught:
        patch.setenv("KUBECONFIG", str(path))
        print(access.Access().version)
    assert "what no API server does" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("cluster", {"proxy-url": "http://proxy"}, "its cluster has proxy-url, which idag cannot obey"),
        ("cluster", {"tls-server-name": "x"}, "its cluster has tls-server-name, which idag cannot obey"),
        ("user", {"as": "admin", "as-groups": ["x"]}, "its user has as, as-groups, which idag cannot obey"),
        ("user", {"as-uid": "1"}, "its user has as-uid, which idag cannot obey"),
        (
            "cluster",
            {"server": "https://host:port"},
            "is 'https://host:port': must be https://HOST or https://HOST:PORT",
        ),
        ("cluster", {"server": ""}, "server of its cluster is '': must be https://HOST"),
        ("cluster", {"certificate-authority": 5}, "clusters[0].cluster['certificate-authority'] must be a text"),
        ("cluster", {"certificate-authority": "/none"}, "certificate-authority is '/none': No such file or directory"),
        ("cluster", {"certificate-authority-data": "a"}, "certificate-authority-data must be in base64"),
        ("user", {"client-certificate-data": "YQ=="}, "lacks client-key or client-key-data"),
        ("user", {"client-key-data": "YQ=="}, "lacks client-certificate or client-certificate-data"),
        ("user", {"exec": "gke"}, "users[0].user.exec must be a mapping"),
        ("user", {"exec": {"args": 5}}, "users[0].user.exec.args must be a list of texts"),
        ("user", {"exec": {"env": {"A": "b"}}}, "users[0].user.exec.env must be a list"),
        ("user", {"exec": {"env": [{"name": "A"}]}}, "users[0].user.exec.env[0] lacks value"),
        ("context", {"user": ["a"]}, "contexts[0].context.user must be a text"),
        ("context", {"user": "none"}, "has user 'none': must be one of a, b"),
        ("context", {"cluster": "none"}, "has cluster 'none': must be one of a, b"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_by_name(
    kind: str, fields: Object, words: str, tmp_path: Path, told: Told
) -> None:
    changed = deepcopy(WHOLE)
    changed[f"{kind}s"][0][kind] |= fields
    (tmp_path / "config").write_text(json.dumps(changed), encoding="utf-8")
    assert words in told(str(tmp_path / "config"))


def test_a_kubeconfig_that_is_a_folder_is_told(tmp_path: Path, told: Told) -> None:
    assert f"{tmp_path}: Is a directory" in told(str(tmp_path))
