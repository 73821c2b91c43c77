"""What goes out of the cluster takes the proxy of values; what stays in it does not."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from implementation_dag.base import git, proxy
from implementation_dag.docsrun.helm import command, installation, revision
from implementation_dag.docsrun.helm import deploy as helm_deploy
from implementation_dag.preview import registry

VALUES = {"httpProxy": "http://proxy:3128", "httpsProxy": "http://proxy:3129", "noProxy": ".corp,10.0.0.0/8"}
NAMES = {
    "http_proxy": "http://proxy:3128",
    "https_proxy": "http://proxy:3129",
    "no_proxy": ".corp,10.0.0.0/8,10.96.0.1",
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY", json.dumps(VALUES))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")


@pytest.fixture
def seen() -> Iterator[tuple[str, list[str]]]:
    """Address of a proxy that answers 502 to everything, and what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs in place of helm and crane that write down their variables of a proxy."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("helm", "crane"):
        (tmp_path / name).write_text(f'#!/bin/sh\n{{ echo "$1"; env | grep -i _proxy; }} >>{tmp_path}/calls\n:\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path / "calls"


def test_without_values_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROXY", raising=False)
    assert proxy.environment() == {}
    assert proxy.of("https://git.example.com/a") is None


@pytest.mark.usefixtures("given")
def test_the_api_server_is_always_asked_directly() -> None:
    assert proxy.environment() == NAMES


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("url", "by"),
    [
        ("https://git.example.com/a", "http://proxy:3129"),
        ("http://git.example.com/a", "http://proxy:3128"),
        ("https://git.corp/a", None),
    ],
)
def test_an_address_is_asked_by_its_proxy_or_directly(url: str, by: str | None) -> None:
    assert proxy.of(url) == by


def test_git_fetches_by_the_proxy(seen: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, asked = seen
    monkeypatch.setenv("PROXY", json.dumps(VALUES | {"httpProxy": address}))
    with pytest.raises(git.GitError, match="502"):
        git.references("http://git.invalid/acme/shop.git")
    assert asked == ["http://git.invalid/acme/shop.git/info/refs?service=git-upload-pack"]
    asked.clear()
    with pytest.raises(git.GitError, match="resolve host"):
        git.references("http://git.corp/acme/shop.git")
    assert asked == []


@pytest.mark.usefixtures("given")
def test_a_git_that_reaches_nobody_has_no_proxy() -> None:
    assert not git.environment("").keys() & NAMES.keys()


@pytest.mark.usefixtures("given")
def test_the_registry_is_asked_by_the_proxy(tools: Path) -> None:
    registry.look_up("registry.example.com/shop", "pr-7")
    assert set(tools.read_text().splitlines()) >= {f"{name}={value}" for name, value in NAMES.items()}


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(("location", "by"), [("chart", ["pull"]), ("oci://example.com/chart", ["upgrade"])])
def test_helm_has_it_only_where_it_fetches_a_chart(
    location: str, by: list[str], tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text(
        "name: chart\ndependencies: [{name: x, repository: https://charts.example.com}]\n"
    )
    (tmp_path / "values.yaml").write_text("{}")
    env = {
        "LABELS": "{}",
        "HELM_TIMEOUT": "1m",
        "POD_GRACE_SECONDS": "1",
        "UNSCHEDULABLE_GRACE_SECONDS": "1",
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(helm_deploy.chart.inside, "__defaults__", (tmp_path,))
    monkeypatch.setattr(helm_deploy.chart.locate, "__defaults__", (tmp_path,))
    wanted = installation.Installation(location, ("values.yaml",), {}, "/", {})
    helm_deploy.install(None, "impl-pr-7", "shop", wanted, lambda: revision.Own([], []))  # type: ignore[arg-type]
    command.capture("status")
    calls = tools.read_text().splitlines()
    starts = [index for index, line in enumerate(calls) if "=" not in line]
    parts = [calls[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    assert [part[0] for part in parts if len(part) > 1] == by
    assert {part[0] for part in parts} >= {"upgrade", "status"}
