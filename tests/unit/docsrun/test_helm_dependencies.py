"""What a chart depends on is fetched, each chart by itself; with real helms, a repository and a registry made here."""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from idag.render.targets import HELMS
from idag.toolchain import tool
from implementation_dag.base.errors import StepError
from implementation_dag.docsrun.helm import dependencies

HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

Chart = Callable[..., Path]


@pytest.fixture(params=HELMS)
def helm(request: pytest.FixtureRequest, tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each helm in turn is the one that the steps call; it trusts the test's authority."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").symlink_to(tool(request.param))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("SSL_CERT_FILE", str(pki / "ca.crt"))
    return tmp_path / "bin" / "helm"


@pytest.fixture
def chart(tmp_path: Path) -> Chart:
    """Write a chart `name` below the checkout."""

    def write(name: str, version: str = "1.2.3", more: str = "", folder: str = "") -> Path:
        path = tmp_path / "src" / (folder or name)
        (path / "templates").mkdir(parents=True, exist_ok=True)
        (path / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}")
        config = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}-{version}}}\n"
        (path / "templates" / "map.yaml").write_text(config)
        return path

    return write


@pytest.fixture
def server(tls: ssl.SSLContext, helm: Path, chart: Chart, tmp_path: Path) -> Iterator[str]:
    """A repository and a registry with redis 1.2.3 and 1.3.0: host and port."""
    packages = tmp_path / "packages"
    for version in ("1.2.3", "1.3.0"):
        source = chart("redis", version, folder="../redis")
        subprocess.run([helm, "package", source, "--destination", packages], check=True, capture_output=True)
    files = {f"/charts/{path.name}": path.read_bytes() for path in packages.iterdir()}
    registry(files, packages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.get(self.path.partition("?")[0])
            self.send_response(404 if found is None else 200)
            if found is not None:
                self.send_header("Content-Type", MANIFEST if "/manifests/" in self.path else "application/octet-stream")
                self.send_header("Docker-Content-Digest", digest(found))
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(found or b"")

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as http:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
        address = f"localhost:{http.server_address[1]}"
        entries = [
            {"name": "redis", "apiVersion": "v2", "version": v, "urls": [f"redis-{v}.tgz"]} for v in ("1.3.0", "1.2.3")
        ]
        files["/charts/index.yaml"] = json.dumps({"apiVersion": "v1", "entries": {"redis": entries}}).encode()
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield address
        http.shutdown()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def registry(files: dict[str, bytes], packages: Path) -> None:
    """Add what a registry answers with for the packages, as acme/redis."""
    config = b"{}"
    files[f"/v2/acme/redis/blobs/{digest(config)}"] = config
    files["/v2/"] = b"{}"
    files["/v2/acme/redis/tags/list"] = json.dumps({"name": "acme/redis", "tags": ["1.2.3", "1.3.0"]}).encode()
    for path in packages.iterdir():
        content = path.read_bytes()
        files[f"/v2/acme/redis/blobs/{digest(content)}"] = content
        layers = [{"mediaType": HELM_CHART, "digest": digest(content), "size": len(content)}]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers}
        manifest["config"] = {"mediaType": HELM_CONFIG, "digest": digest(config), "size": len(config)}
        written = json.dumps(manifest).encode()
        for reference in (path.stem.removeprefix("redis-"), digest(written)):
            files[f"/v2/acme/redis/manifests/{reference}"] = written


def rendered(helm: Path, folder: Path) -> set[str]:
    """Names of what the chart and its dependencies render."""
    done = subprocess.run([helm, "template", "x", folder], check=True, capture_output=True, text=True)
    return {line.partition("name: ")[2].strip(" }") for line in done.stdout.splitlines() if "name:" in line}


@pytest.mark.parametrize("repository", ["https://{}/charts", "oci://{}/acme"])
@pytest.mark.parametrize(("locked", "fetched"), [("1.2.3", "redis-1.2.3"), ("", "redis-1.3.0")])
def test_a_remote_dependency_is_fetched_in_its_locked_version(
    repository: str, locked: str, fetched: str, server: str, helm: Path, chart: Chart, tmp_path: Path
) -> None:
    if helm.readlink() == tool("helm3") and repository.startswith("oci:"):
        pytest.skip("helm 3 asks a registry of this machine without TLS")
    address = repository.format(server)
    named = f"dependencies:\n- {{name: redis, version: ^1.0.0, repository: '{address}'}}\n"
    app = chart("app", more=named)
    if locked:
        (app / "Chart.lock").write_text(
            named.replace("^1.0.0", locked) + "digest: sha256:0\ngenerated: 2026-01-01T00:00:00Z\n"
        )
    dependencies.fetch(app, tmp_path / "src")
    assert rendered(helm, app) == {"app-1.2.3", fetched}
    assert dependencies.missing(app) == []


def test_only_what_is_missing_is_fetched(server: str, helm: Path, chart: Chart, tmp_path: Path) -> None:
    """A .gitkeep, a subchart of one's own, an unpacked chart of a repository, and one that is not there."""
    listed = "".join(
        f"- {{name: {name}, version: '*', repository: '{address}'}}\n"
        for name, address in (
            ("own", ""),
            ("unpacked", f"https://{server}/charts"),
            ("redis", f"https://{server}/charts"),
        )
    )
    app = chart("app", more=f"dependencies:\n{listed}")
    (app / "charts").mkdir()
    (app / "charts" / ".gitkeep").touch()
    chart("own", folder="app/charts/own")
    chart("unpacked", folder="app/charts/other-name")
    assert [item.name for item in dependencies.missing(app)] == ["redis"]
    dependencies.fetch(app, tmp_path / "src")
    assert rendered(helm, app) == {"app-1.2.3", "own-1.2.3", "unpacked-1.2.3", "redis-1.3.0"}


def test_a_chart_of_the_same_repository_and_what_it_needs_is_packed(
    server: str, helm: Path, chart: Chart, tmp_path: Path
) -> None:
    app = chart("app", more="dependencies:\n- {name: common, version: '*', repository: 'file://../common'}\n")
    chart("common", more=f"dependencies:\n- {{name: redis, version: 1.2.3, repository: 'https://{server}/charts'}}\n")
    dependencies.fetch(app, tmp_path / "src")
    assert rendered(helm, app) == {"app-1.2.3", "common-1.2.3", "redis-1.2.3"}


def test_what_cannot_be_fetched_is_told_with_what_to_do(helm: Path, chart: Chart, tmp_path: Path) -> None:
    app = chart(
        "app", more="dependencies:\n- {name: redis, version: 1.0.0, repository: 'https://localhost:1/charts'}\n"
    )
    with pytest.raises(StepError) as caught:
        dependencies.fetch(app, tmp_path / "src")
    told = str(caught.value)
    assert told.startswith("dependency redis 1.0.0 of https://localhost:1/charts could not be fetched; let the value ")
    assert "network.services" in told
    assert "connection refused" in told


@pytest.mark.parametrize("repository", ["", "@bitnami", "alias:bitnami", "ftp://example.com", "--post-renderer"])
def test_a_repository_that_only_its_author_knows_is_refused_by_name(
    repository: str, chart: Chart, tmp_path: Path
) -> None:
    app = chart("app", more=f"dependencies:\n- {{name: redis, version: 1.0.0, repository: '{repository}'}}\n")
    with pytest.raises(StepError, match="dependency redis is not in charts/, and its repository is"):
        dependencies.fetch(app, tmp_path / "src")


@pytest.mark.parametrize("place", ["file://../../outside", "file:///etc", "file://."])
def test_a_local_dependency_stays_in_the_checkout(place: str, chart: Chart, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    app = chart("app", more=f"dependencies:\n- {{name: x, version: 1.0.0, repository: '{place}'}}\n")
    with pytest.raises(StepError, match=r"leads out of the checkout|not in the repository|cannot be part of itself"):
        dependencies.fetch(app, tmp_path / "src")


def test_charts_that_have_each_other_are_refused(chart: Chart, tmp_path: Path) -> None:
    app = chart("app", more="dependencies: [{name: other, version: '*', repository: 'file://../other'}]\n")
    chart("other", more="dependencies: [{name: app, version: '*', repository: 'file://../app'}]\n")
    with pytest.raises(StepError, match=r"dependency app is at file://\.\./app: a chart cannot be part of itself"):
        dependencies.fetch(app, tmp_path / "src")


@pytest.mark.parametrize(
    "text", ["dependencies: x", "dependencies: [x, {name: [1]}, {name: -a}]", "- a", "{", "[" * 100_000, "\x00"]
)
def test_a_chart_of_another_shape_is_left_to_helm(text: str, chart: Chart) -> None:
    app = chart("app")
    (app / "Chart.yaml").write_text(text)
    assert dependencies.missing(app) == []


def test_an_archive_that_is_none_is_no_chart(chart: Chart) -> None:
    app = chart("app", more="dependencies: [{name: redis}]\n")
    (app / "charts").mkdir()
    (app / "charts" / "redis-1.0.0.tgz").write_bytes(b"none")
    assert [item.name for item in dependencies.missing(app)] == ["redis"]


def test_charts_of_the_first_version_name_them_apart(chart: Chart) -> None:
    app = chart("app")
    listed = "dependencies: [{name: redis, version: ^1.0.0, repository: 'https://example.com'}]\n"
    (app / "requirements.yaml").write_text(listed)
    (app / "requirements.lock").write_text(listed.replace("^1.0.0", "1.2.3"))
    assert [(item.name, item.version) for item in dependencies.missing(app)] == [("redis", "1.2.3")]


ALIASES = """\
dependencies:
- {name: redis, alias: cache, version: FIRST, repository: 'https://example.com'}
- {name: redis, alias: queue, version: SECOND, repository: 'https://example.com'}
"""


@pytest.mark.parametrize(
    ("locked", "here", "lacking"),
    [
        (("17.15.6", "18.19.4"), [], ["17.15.6", "18.19.4"]),
        (("17.15.6", "18.19.4"), ["17.15.6"], ["18.19.4"]),
        (("17.15.6", "18.19.4"), ["18.19.4", "17.15.6"], []),
        (("17.15.6", "17.15.6"), [], ["17.15.6"]),
        (("17.15.6", "17.15.6"), ["17.15.6"], []),
        ((), [], ["17.x", "18.x"]),
        ((), ["17.15.6", "18.19.4"], []),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_one_chart_by_two_aliases_has_a_locked_version_for_each(
    packed: bool, locked: tuple[str, ...], here: list[str], lacking: list[str], chart: Chart
) -> None:
    app = chart("app", more=ALIASES.replace("FIRST", "17.x").replace("SECOND", "18.x"))
    if locked:
        (app / "Chart.lock").write_text(ALIASES.replace("FIRST", locked[0]).replace("SECOND", locked[1]))
    for version in here:
        source = chart("redis", version, folder=f"app/charts/redis-{version}")
        if packed:
            with tarfile.open(source.with_name(f"{source.name}.tgz"), "w:gz") as archive:
                archive.add(source, "redis")
            shutil.rmtree(source)
    assert [item.version for item in dependencies.missing(app)] == lacking


@pytest.mark.parametrize("link", [True, False])
def test_a_charts_folder_that_is_none_is_told(link: bool, chart: Chart, tmp_path: Path) -> None:
    app = chart("app", more="dependencies: [{name: redis, version: 1.0.0, repository: 'https://localhost:1'}]\n")
    if link:
        (app / "charts").symlink_to("nowhere")
    else:
        (app / "charts").write_text("")
    with pytest.raises(StepError, match=r"dependency redis has no place: charts beside app/Chart\.yaml is a file"):
        dependencies.fetch(app, tmp_path / "src")
