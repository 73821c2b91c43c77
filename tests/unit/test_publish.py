"""What an agent made is committed and pushed by clean hands: its hooks, links and configuration change nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from implementation_dag import git, pull_request
from implementation_dag.coderun import evidence, head, publish
from implementation_dag.errors import ArgumentError, StepError


def run(*arguments: str, cwd: Path) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "safe.directory=*"]
    return subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repositories")
    work, bare = folder / "work", folder / "served.git"
    work.mkdir()
    run("init", "-q", "--template=", "-b", "main", cwd=work)
    (work / "a.txt").write_text("one\n")
    run("add", ".", cwd=work)
    run("commit", "-qm", "first", cwd=work)
    run("checkout", "-qb", "feature", cwd=work)
    (work / "a.txt").write_text("two\n")
    run("commit", "-qam", "second", cwd=work)
    run("clone", "-q", "--bare", "--template=", str(work), str(bare), cwd=folder)
    run("update-ref", "refs/pull/7/head", "refs/heads/feature", cwd=bare)
    run("config", "uploadpack.allowAnySHA1InWant", "true", cwd=bare)
    run("config", "uploadpack.allowFilter", "true", cwd=bare)
    return folder


@pytest.fixture
def served(repositories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository with pull request 7 on branch feature, reached by file: (allowed only here)."""
    monkeypatch.setattr(git, "HARDENING", [*git.HARDENING, "protocol.file.allow=always"])
    shutil.copytree(repositories / "work", tmp_path / "work")
    return shutil.copytree(repositories / "served.git", tmp_path / "served.git")


@pytest.fixture
def checkout(served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    source = tmp_path / "source"
    monkeypatch.setattr(publish, "SOURCE", source)
    monkeypatch.setattr(publish, "WORK", tmp_path)
    commit = pull_request.resolve(f"file://{served}", "7", "", "").commit
    git.fetch(f"file://{served}", commit, source)
    return source, commit


AUTHOR = ("Agent", "agent@example.com")


def test_resolves_head_branch_and_short_commits(served: Path) -> None:
    url = f"file://{served}"
    tip = run("rev-parse", "feature", cwd=served).strip()
    first = run("rev-parse", "main", cwd=served).strip()
    assert pull_request.resolve(url, "7", "", "") == pull_request.Head(tip, "feature")
    assert pull_request.resolve(url, "7", first[:7], "feature") == pull_request.Head(first, "feature")


@pytest.mark.parametrize(
    ("pr", "commit", "branch", "named"),
    [("8", "", "", "'pr'"), ("7", "0123456", "", "'commit'"), ("7", "", "nope", "'branch'")],
)
def test_what_is_not_there_is_named(served: Path, pr: str, commit: str, branch: str, named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        pull_request.resolve(f"file://{served}", pr, commit, branch)


def test_refuses_a_commit_outside_the_pull_request(served: Path, tmp_path: Path) -> None:
    run("checkout", "-q", "main", cwd=tmp_path / "work")
    (tmp_path / "work" / "b.txt").write_text("elsewhere\n")
    run("add", ".", cwd=tmp_path / "work")
    run("commit", "-qm", "third", cwd=tmp_path / "work")
    run("push", "-q", str(served), "main", cwd=tmp_path / "work")
    other = run("rev-parse", "main", cwd=served).strip()
    with pytest.raises(ArgumentError, match="not a commit of pull request 7"):
        pull_request.resolve(f"file://{served}", "7", other, "feature")


def test_pushes_what_the_agent_changed(served: Path, checkout: tuple[Path, str]) -> None:
    source, start = checkout
    (source / "a.txt").write_text("three\n")
    (source / "new.txt").write_text("new\n")
    commit, diff = publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR)
    assert run("rev-parse", "feature", cwd=served).strip() == commit
    assert run("rev-parse", f"{commit}^", cwd=served).strip() == start
    assert "+three" in diff
    assert "+new" in diff


def test_passes_an_unchanged_commit_on(served: Path, checkout: tuple[Path, str]) -> None:
    _, start = checkout
    assert publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR) == (start, "")


def test_a_fork_s_change_needs_a_branch(served: Path, checkout: tuple[Path, str]) -> None:
    source, start = checkout
    (source / "a.txt").write_text("three\n")
    with pytest.raises(StepError, match="parameter 'branch'"):
        publish.commit_and_push(f"file://{served}", start, "", "Work", AUTHOR)


def test_a_concurrent_push_is_not_overwritten(served: Path, checkout: tuple[Path, str]) -> None:
    source, start = checkout
    foreign = run("commit-tree", "-m", "x", "main^{tree}", cwd=served).strip()
    run("update-ref", "refs/heads/feature", foreign, cwd=served)
    (source / "a.txt").write_text("three\n")
    with pytest.raises(StepError, match="push"):
        publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR)


def test_the_agent_s_git_configuration_runs_nothing(served: Path, checkout: tuple[Path, str], tmp_path: Path) -> None:
    source, start = checkout
    trap = tmp_path / "sprung"
    for hook in ("pre-commit", "post-commit", "pre-push"):
        (source / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (source / ".git" / "hooks" / hook).chmod(0o755)
    run("config", "core.fsmonitor", f"touch {trap}", cwd=source)
    run("config", "filter.evil.clean", f"touch {trap}; cat", cwd=source)
    (source / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (source / "a.txt").write_text("three\n")
    publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR)
    assert not trap.exists()


def test_evidence_is_copied_without_following_links(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "sub").mkdir(parents=True)
    (source / "tests.log").write_text("x" * 100)
    (source / "sub" / "report.json").write_text("{}")
    (source / "passwd").symlink_to("/etc/passwd")
    (source / "root").symlink_to("/etc")
    assert evidence.copy(source, target, 10) == ["sub/report.json", "tests.log"]
    assert (target / "tests.log").read_text() == "x" * 10


@pytest.fixture
def head_step(served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of step head for pull request 7; its outputs land in the returned folder."""
    monkeypatch.setattr(git, "repository_url", lambda *_: f"file://{served}")
    first = run("rev-parse", "main", cwd=served).strip()
    run_of = {"OWNER": "acme", "REPO": "shop", "PR": "7", "WORKFLOW": "w", "WORKFLOW_UID": "u", "NAMESPACE": "n"}
    run_of["INSTALLATION"] = "implementation-dag"
    settings = {"SETTINGS": '{"git": {"baseUrl": "https://example.com"}}', "OUTPUTS": str(tmp_path / "outputs")}
    for name, value in (run_of | settings | {"COMMIT": first, "BRANCH": ""}).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "outputs"


def test_head_hands_on_what_a_platform_pushed(served: Path, head_step: Path) -> None:
    assert head.main() == 0
    assert (head_step / "commit").read_text() == run("rev-parse", "feature", cwd=served).strip()


def test_head_refuses_a_rewritten_history(served: Path, head_step: Path) -> None:
    tree = run("rev-parse", "feature^{tree}", cwd=served).strip()
    other = run("commit-tree", tree, "-m", "rewritten", cwd=served).strip()
    run("update-ref", "refs/pull/7/head", other, cwd=served)
    with pytest.raises(ArgumentError, match="not a commit of pull request 7"):
        head.main()
    assert not head_step.exists()


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """A mounted Secret as the kubelet lays it out: links to a folder with a timestamp, the files in it."""
    folder = tmp_path / "git-credentials"
    (folder / "..2026_01_01").mkdir(parents=True)
    (folder / "..2026_01_01" / "password").write_text("the-token")
    (folder / "..data").symlink_to("..2026_01_01")
    (folder / "password").symlink_to("..data/password")
    return folder


def test_a_link_in_place_of_the_work_tree_is_refused(
    served: Path, checkout: tuple[Path, str], credentials: Path
) -> None:
    source, start = checkout
    source.rename(source.with_name("moved"))
    source.symlink_to(credentials)
    with pytest.raises(StepError, match="is a link"):
        publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR)
    assert run("rev-parse", "feature", cwd=served).strip() == start


def test_a_link_in_place_of_the_evidence_is_not_followed(tmp_path: Path, credentials: Path) -> None:
    source = tmp_path / "evidence"
    source.symlink_to(credentials)
    assert evidence.copy(source, tmp_path / "to", 100) == []


def test_a_repository_inside_the_work_tree_runs_nothing(
    served: Path, checkout: tuple[Path, str], tmp_path: Path
) -> None:
    # The pull request holds a gitlink; the agent puts that very commit there, in a repository with programs of its own.
    source, start = checkout
    trap, inner = tmp_path / "sprung", source / "inner"
    run("init", "-q", "-b", "main", str(inner), cwd=source)
    (inner / "file").write_text("x")
    run("add", ".", cwd=inner)
    run("commit", "-qm", "Inner", cwd=inner)
    held = run("rev-parse", "HEAD", cwd=inner).strip()
    run("update-index", "--add", "--cacheinfo", f"160000,{held},inner", cwd=source)
    run("commit", "-qm", "A gitlink", cwd=source)
    start = run("rev-parse", "HEAD", cwd=source).strip()
    run("push", "-q", str(served), f"{start}:refs/heads/feature", cwd=source)
    run("config", "core.fsmonitor", f"touch {trap}; false", cwd=inner)
    run("config", "filter.evil.clean", f"touch {trap}; cat", cwd=inner)
    (inner / ".gitattributes").write_text("* filter=evil\n")
    (inner / "file").write_text("y")
    with pytest.raises(StepError, match=r"inner/\.git"):
        publish.commit_and_push(f"file://{served}", start, "feature", "Work", AUTHOR)
    assert not trap.exists()
