"""The demo's repository: examples/app on main, and pull requests that really apply to it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from idag.render import helm
from implementation_dag.contract import repository as contract
from implementation_dag.docsrun.helm.installation import chosen
from scripts.demo.scenarios import all_scenarios
from scripts.lab.stand import repository
from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.errors import DemoError
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.git_server import GitServer
from scripts.lab.stand.repository import CHANGES, OWNER, REPO, PullRequest

IMAGE = "registry.example.com:5000/acme/shop"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHost]:
    folder = tmp_path_factory.mktemp("git")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=git", "-addext", f"subjectAltName=DNS:{GIT_HOST}", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = GitServer(("127.0.0.1", 0), folder / "served", "token")
    server.use_tls(certificate, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield GitHost("127.0.0.1", server.server_port, "token", certificate)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def clone(host: GitHost, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "shop"
    repository.create(host, IMAGE, "nginx", folder)
    return folder


def head(host: GitHost, number: int, folder: Path) -> str:
    name = f"refs/pull/{number}/head"
    return host.references(OWNER, REPO, name, folder)[name]


def show(host: GitHost, commit: str, path: str, folder: Path) -> str:
    return host.git("show", f"{commit}:{path}", cwd=folder)


def test_main_is_the_app_with_the_demos_image_and_ingress_class(host: GitHost, clone: Path) -> None:
    values = show(host, "main", "values-preview.yaml", clone)
    assert f"repository: {IMAGE}" in values
    assert "className: nginx" in values
    assert "# Values of the preview" in values
    assert "import" in show(host, "main", "src/shop/__main__.py", clone)


def test_a_second_create_changes_nothing(host: GitHost, clone: Path, tmp_path: Path) -> None:
    before = host.references(OWNER, REPO, "refs/heads/main", clone)
    repository.create(host, IMAGE, "nginx", tmp_path / "again")
    assert host.references(OWNER, REPO, "refs/heads/main", clone) == before


PULLS = [case.pull for scenario in all_scenarios("r").values() for case in scenario.cases if case.pull]


@pytest.mark.parametrize("pull", PULLS, ids=lambda pull: str(pull.number))
def test_every_scenarios_change_applies_to_its_pull_request(
    host: GitHost, clone: Path, tmp_path: Path, pull: PullRequest
) -> None:
    commit = repository.open_pull_request(host, pull, clone)
    assert head(host, pull.number, clone) == commit
    host.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "w"), commit, cwd=clone)
    if pull.patch:
        host.git("apply", "--check", ".agents/change.patch", cwd=tmp_path / "w")
    values = repository.MOVED_VALUES if pull.moved else "values-preview.yaml"
    assert (pull.image or IMAGE) in (tmp_path / "w" / values).read_text()
    if pull.version:
        assert f'"{pull.version}"' in (tmp_path / "w" / "src" / "shop" / "__init__.py").read_text()


def test_a_moved_chart_takes_what_the_repository_s_own_settings_say(host: GitHost, clone: Path, tmp_path: Path) -> None:
    commit = repository.open_pull_request(host, PullRequest(76, moved=True), clone)
    host.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "w"), commit, cwd=clone)
    assert not (tmp_path / "w" / "charts").exists()
    names = {"tag": "pr-76", "digest": f"sha256:{'0' * 64}", "host": "shop-pr-76.example.com"}
    defaults = {"chartPath": "charts/app", "valuesFile": "values-preview.yaml"}
    limits = {"minSuccessPct": 0.95, "maxP95Ms": 1200, "requestsPerHost": 10}
    section = {"settings": list(contract.schema()["properties"]), "mostRequestsPerHost": 100}
    env = {"CHART_PATH": "charts/app", "VALUES_FILE": "values-preview.yaml", "SET": "{}", "HEALTH_PATH": "/"}
    env |= {"ANNOTATIONS": "{}", "ANNOTATIONS_KEY": "ingress.annotations"}
    env["REPOSITORY"] = json.dumps({"repositories": section | {"defaults": defaults | limits}, "names": names})
    wanted = chosen(env, tmp_path / "w")
    flags = [argument for item in wanted.values.items() for argument in ("--set-string", "=".join(item))]
    files = [tmp_path / "w" / name for name in wanted.values_files]
    objects = helm.template(tmp_path / "w" / wanted.chart_path, files, flags=flags)
    (ingress,) = [item for item in objects if item["kind"] == "Ingress"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["shop-pr-76.example.com"]


def test_numbers_of_pull_requests_are_not_shared() -> None:
    numbers = [pull.number for pull in PULLS]
    assert len(set(numbers)) == len(numbers)


def test_a_pull_request_can_be_opened_again(host: GitHost, clone: Path) -> None:
    pull = PullRequest(77, version="7.7.7")
    repository.open_pull_request(host, pull, clone)
    repository.open_pull_request(host, PullRequest(77, version="7.7.8"), clone)
    assert '"7.7.8"' in show(host, head(host, 77, clone), "src/shop/__init__.py", clone)


def test_a_pull_request_brings_folders_along_and_main_has_them_not(host: GitHost, clone: Path, tmp_path: Path) -> None:
    chart, over = tmp_path / "podinfo", tmp_path / "over"
    (chart / "charts").mkdir(parents=True)
    (chart / ".git").mkdir()
    (chart / ".git" / "config").touch()
    (chart / ".gitignore").write_text("charts\n")
    (chart / "charts" / "redis.tgz").write_text("vendored")
    over.mkdir()
    (over / "values-preview.yaml").write_text("theirs: true\n")
    commit = repository.open_pull_request(host, PullRequest(79, folders=((chart, "charts/real"), (over, "."))), clone)
    assert show(host, commit, "charts/real/charts/redis.tgz", clone) == "vendored"
    assert show(host, commit, "values-preview.yaml", clone) == "theirs: true"
    assert "charts/real/.git/config" not in host.git("ls-tree", "-r", "--name-only", commit, cwd=clone)
    assert not (clone / "charts" / "real").exists()
    assert "theirs" not in (clone / "values-preview.yaml").read_text()


def test_an_unknown_change_names_the_known_ones(host: GitHost, clone: Path) -> None:
    with pytest.raises(DemoError, match=r"known are .*discount"):
        repository.open_pull_request(host, PullRequest(78, "no-such"), clone)
    assert host.git("branch", "--show-current", cwd=clone) == "main"


def test_the_wrong_authority_is_refused(host: GitHost, tmp_path: Path) -> None:
    other = GitHost(host.address, host.port, host.token, CHANGES / "README.md")
    with pytest.raises((DemoError, OSError)):
        other.references(OWNER, REPO, "refs/heads/main", tmp_path)
