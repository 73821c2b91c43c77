"""The demo's repository: examples/app on main, and pull requests that really apply to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from idag.render import helm
from implementation_dag.contract import repository as contract
from implementation_dag.docsrun.helm.installation import chosen
from scripts.demo.scenarios import all_scenarios
from scripts.lab.errors import LabError
from scripts.lab.forge.process import Forge
from scripts.lab.stand import repository
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.repository import CHANGES, OWNER, REPO, PullRequest

IMAGE = "registry.example.com:5000/acme/shop"


@pytest.fixture(scope="module")
def host(forge: Forge) -> GitHost:
    assert forge.ca_file
    return GitHost("127.0.0.1", int(forge.url.rpartition(":")[2]), forge.admin.token, forge.ca_file, "localhost")


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


def test_git_speaks_http_1_1_to_a_forge_that_offers_2(
    host: GitHost, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE_CURL", str(trace))
    host.references(OWNER, REPO, "refs/heads/main", clone)
    assert "HTTP/1.1 200" in trace.read_text()


PULLS = [case.pull for scenario in all_scenarios("r").values() for case in scenario.cases if case.pull]


@pytest.mark.parametrize("pull", PULLS, ids=lambda pull: pull.name)
def test_every_scenarios_change_applies_to_its_pull_request(
    host: GitHost, clone: Path, tmp_path: Path, pull: PullRequest
) -> None:
    opened = repository.open_pull_request(host, pull, clone)
    assert head(host, opened.number, clone) == opened.head
    host.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "w"), opened.head, cwd=clone)
    if pull.patch:
        host.git("apply", "--check", ".agents/change.patch", cwd=tmp_path / "w")
    values = repository.MOVED_VALUES if pull.moved else "values-preview.yaml"
    assert (pull.image or IMAGE) in (tmp_path / "w" / values).read_text()
    if pull.version:
        assert f'"{pull.version}"' in (tmp_path / "w" / "src" / "shop" / "__init__.py").read_text()


def test_a_moved_chart_takes_what_the_repository_s_own_settings_say(host: GitHost, clone: Path, tmp_path: Path) -> None:
    commit = repository.open_pull_request(host, PullRequest("moved", moved=True), clone).head
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
    files = [tmp_path / "w" / name for name in wanted.values_files]
    objects = helm.template(tmp_path / "w" / wanted.chart_path, files, flags=wanted.flags)
    (ingress,) = [item for item in objects if item["kind"] == "Ingress"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["shop-pr-76.example.com"]


def test_names_of_pull_requests_are_not_shared() -> None:
    names = [pull.name for pull in PULLS]
    assert len(set(names)) == len(names)


def test_a_pull_request_can_be_opened_again(host: GitHost, clone: Path) -> None:
    first = repository.open_pull_request(host, PullRequest("again", version="7.7.7"), clone)
    again = repository.open_pull_request(host, PullRequest("again", version="7.7.8"), clone)
    assert again.number == first.number
    assert '"7.7.8"' in show(host, head(host, again.number, clone), "src/shop/__init__.py", clone)


def test_a_number_can_be_reserved_in_a_fresh_repository(host: GitHost, tmp_path: Path) -> None:
    host.create_repository(OWNER, "numbered", empty=False)
    host.create_repository(OWNER, "numbered", empty=False)
    host.git("init", "--quiet", cwd=tmp_path)
    host.git("commit", "--quiet", "--allow-empty", "-m", "Of no common history", cwd=tmp_path)
    host.git("push", "--quiet", host.url(OWNER, "numbered"), "HEAD:refs/heads/feature", cwd=tmp_path)
    for _ in range(2):
        host.reserve(OWNER, "numbered", 7)
        assert host.open_pull_request(OWNER, "numbered", "feature") == 7


def test_a_pull_request_brings_folders_along_and_main_has_them_not(host: GitHost, clone: Path, tmp_path: Path) -> None:
    chart, over = tmp_path / "podinfo", tmp_path / "over"
    (chart / "charts").mkdir(parents=True)
    (chart / ".git").mkdir()
    (chart / ".git" / "config").touch()
    (chart / ".gitignore").write_text("charts\n")
    (chart / "charts" / "redis.tgz").write_text("vendored")
    over.mkdir()
    (over / "values-preview.yaml").write_text("theirs: true\n")
    pull = PullRequest("folders", folders=((chart, "charts/real"), (over, ".")))
    commit = repository.open_pull_request(host, pull, clone).head
    assert show(host, commit, "charts/real/charts/redis.tgz", clone) == "vendored"
    assert show(host, commit, "values-preview.yaml", clone) == "theirs: true"
    assert "charts/real/.git/config" not in host.git("ls-tree", "-r", "--name-only", commit, cwd=clone)
    assert not (clone / "charts" / "real").exists()
    assert "theirs" not in (clone / "values-preview.yaml").read_text()


def test_an_unknown_change_names_the_known_ones(host: GitHost, clone: Path) -> None:
    with pytest.raises(LabError, match=r"known are .*discount"):
        repository.open_pull_request(host, PullRequest("unknown", "no-such"), clone)
    assert host.git("branch", "--show-current", cwd=clone) == "main"


def test_the_wrong_authority_is_refused(host: GitHost, tmp_path: Path) -> None:
    other = GitHost(host.address, host.port, host.token, CHANGES / "README.md")
    with pytest.raises((LabError, OSError)):
        other.references(OWNER, REPO, "refs/heads/main", tmp_path)
