"""What an agent made is committed and pushed by clean hands: its hooks, links and configuration change nothing."""

import base64
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from implementation_dag.agents import bundle, head, publish
from implementation_dag.base import git, pull_request
from implementation_dag.base.errors import ArgumentError, StepError
from implementation_dag.contract.branch import decoded, encoded


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
    run("symbolic-ref", "HEAD", "refs/heads/main", cwd=bare)
    run("update-ref", "refs/pull/7/head", "refs/heads/feature", cwd=bare)
    run("config", "uploadpack.allowAnySHA1InWant", "true", cwd=bare)
    run("config", "uploadpack.allowFilter", "true", cwd=bare)
    return folder


@pytest.fixture
def served(repositories: Path, tmp_path: Path) -> Path:
    """A bare repository with pull request 7 on branch feature, reached by file:."""
    shutil.copytree(repositories / "work", tmp_path / "work")
    return shutil.copytree(repositories / "served.git", tmp_path / "served.git")


@dataclass
class Checkout:
    """Our own checkout at `start`, and the agent's copy of it, `box`."""

    url: str
    start: str
    source: Path
    box: Path

    def publish(self, branch: str = "feature") -> tuple[str, bytes]:
        """Take home what is in the box and publish it."""
        changed = self.source.with_name("changed")
        bundle.unpack(bundle.Reader(bundle.pack(self.box, repository=False)), changed, repository=False)
        return publish.commit_and_push(self.source, changed, self.url, branch, "Work", AUTHOR)


def check_out(url: str, tmp_path: Path) -> Checkout:
    start = pull_request.resolve(url, "7", "", "").commit
    found = Checkout(url, start, tmp_path / "source", tmp_path / "box")
    git.fetch(url, start, found.source)
    bundle.unpack(bundle.Reader(bundle.pack(found.source, repository=True)), found.box, repository=True)
    return found


@pytest.fixture
def checkout(served: Path, tmp_path: Path) -> Checkout:
    return check_out(f"file://{served}", tmp_path)


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


def test_pushes_what_the_agent_changed(served: Path, checkout: Checkout) -> None:
    (checkout.box / "a.txt").write_text("three\n")
    (checkout.box / "new.txt").write_text("new\n")
    (checkout.box / "run").write_text("#!/bin/sh\n")
    (checkout.box / "run").chmod(0o755)
    (checkout.box / "link").symlink_to("a.txt")
    commit, diff = checkout.publish()
    assert run("rev-parse", "feature", cwd=served).strip() == commit
    assert run("rev-parse", f"{commit}^", cwd=served).strip() == checkout.start
    assert b"+three" in diff
    assert b"+new" in diff
    modes = {line.split("\t")[1]: line.split()[0] for line in run("ls-tree", commit, cwd=served).splitlines()}
    assert modes == {"a.txt": "100644", "link": "120000", "new.txt": "100644", "run": "100755"}


def test_passes_an_unchanged_commit_on(checkout: Checkout) -> None:
    assert checkout.publish() == (checkout.start, b"")


def test_a_fork_s_change_needs_a_branch(checkout: Checkout) -> None:
    (checkout.box / "a.txt").write_text("three\n")
    with pytest.raises(StepError, match="parameter 'branch'"):
        checkout.publish("")


def test_a_concurrent_push_is_not_overwritten(served: Path, checkout: Checkout) -> None:
    foreign = run("commit-tree", "-m", "x", "main^{tree}", cwd=served).strip()
    run("update-ref", "refs/heads/feature", foreign, cwd=served)
    (checkout.box / "a.txt").write_text("three\n")
    with pytest.raises(StepError, match="push"):
        checkout.publish()


def test_the_agent_s_git_configuration_runs_nothing(checkout: Checkout, tmp_path: Path) -> None:
    trap, box = tmp_path / "sprung", checkout.box
    (box / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("pre-commit", "post-commit", "pre-push"):
        (box / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (box / ".git" / "hooks" / hook).chmod(0o755)
    run("config", "core.fsmonitor", f"touch {trap}", cwd=box)
    run("config", "filter.evil.clean", f"touch {trap}; cat", cwd=box)
    (box / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (box / "a.txt").write_text("three\n")
    checkout.publish()
    assert not trap.exists()


def repository_of_programs(folder: Path, trap: Path) -> str:
    """A repository whose configuration runs programs whenever git looks into it; its commit."""
    folder.mkdir(parents=True)
    run("init", "-q", "--template=", "-b", "main", cwd=folder)
    (folder / "file").write_text("x")
    (folder / ".gitattributes").write_text("file filter=evil\n")
    run("add", ".", cwd=folder)
    run("commit", "-qm", "Inner", cwd=folder)
    run("config", "core.fsmonitor", f"touch {trap}; false", cwd=folder)
    run("config", "filter.evil.clean", f"touch {trap}; cat", cwd=folder)
    (folder / "file").write_text("y")
    return run("rev-parse", "HEAD", cwd=folder).strip()


@pytest.fixture
def with_gitlink(served: Path, tmp_path: Path) -> tuple[Checkout, Path]:
    """A pull request with the gitlink deps/sub, an agent that put that very commit there; the trap not to be sprung."""
    trap, work = tmp_path / "sprung", tmp_path / "work"
    held = repository_of_programs(tmp_path / "scratch", trap)
    trap.unlink(missing_ok=True)
    run("update-index", "--add", "--cacheinfo", f"160000,{held},deps/sub", cwd=work)
    run("commit", "-qm", "A gitlink", cwd=work)
    run("push", "-q", str(served), "HEAD:refs/heads/feature", "HEAD:refs/pull/7/head", cwd=work)
    found = check_out(f"file://{served}", tmp_path)
    shutil.rmtree(found.box / "deps")
    shutil.copytree(tmp_path / "scratch", found.box / "deps" / "sub")
    return found, trap


@pytest.mark.parametrize("mode", [0o755, 0o311, 0o111, 0o000])
def test_a_repository_inside_the_work_tree_runs_nothing(with_gitlink: tuple[Checkout, Path], mode: int) -> None:
    checkout, trap = with_gitlink
    (checkout.box / "deps").chmod(mode)
    with pytest.raises(StepError, match=r"repository inside the work tree: deps/sub/\.git"):
        checkout.publish()
    assert not trap.exists()


def test_files_of_an_inner_repository_alone_run_nothing(with_gitlink: tuple[Checkout, Path]) -> None:
    # A hostile box need not say that there is a repository.
    checkout, trap = with_gitlink
    (checkout.box / "deps" / "sub" / ".git").rename(checkout.box / "not-git")
    checkout.publish()
    assert not trap.exists()


def test_an_untouched_gitlink_stays(served: Path, with_gitlink: tuple[Checkout, Path]) -> None:
    checkout, _ = with_gitlink
    shutil.rmtree(checkout.box / "deps" / "sub")
    (checkout.box / "deps" / "sub").mkdir()
    (checkout.box / "a.txt").write_text("three\n")
    commit, _ = checkout.publish()
    assert "160000 commit" in run("ls-tree", commit, "deps/sub", cwd=served)


def test_line_ends_stay_as_gitattributes_say(served: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (work / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    run("add", ".", cwd=work)
    run("commit", "-qm", "CRLF", cwd=work)
    run("push", "-q", str(served), "HEAD:refs/heads/feature", "HEAD:refs/pull/7/head", cwd=work)
    checkout = check_out(f"file://{served}", tmp_path)
    assert (checkout.box / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    (checkout.box / "b.txt").write_bytes(b"three\r\n")
    commit, diff = checkout.publish()
    assert run("ls-tree", "--name-only", "-r", f"{commit}", cwd=served).split() == [".gitattributes", "a.txt", "b.txt"]
    assert b"a.txt" not in diff
    assert run("cat-file", "blob", f"{commit}:b.txt", cwd=served) == "three\n"


def push(work: Path, served: Path) -> None:
    run("push", "-q", str(served), "HEAD:refs/heads/feature", "HEAD:refs/pull/7/head", cwd=work)


def test_what_only_gitattributes_would_change_is_left_alone(served: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    for name in ("a.txt", "b.txt"):
        (work / name).write_bytes(b"one\r\n")
    run("add", ".", cwd=work)
    run("commit", "-qm", "CRLF in the repository itself", cwd=work)
    (work / ".gitattributes").write_text("*.txt text\n")
    run("add", ".gitattributes", cwd=work)
    run("commit", "-qm", "and a wish for LF", cwd=work)
    push(work, served)
    checkout = check_out(f"file://{served}", tmp_path)
    (checkout.box / "b.txt").write_bytes(b"two\r\n")
    _, diff = checkout.publish()
    assert b"b.txt" in diff
    assert b"a.txt" not in diff
    shutil.rmtree(checkout.source.with_name("changed"))
    shutil.rmtree(checkout.source)
    git.fetch(checkout.url, checkout.start, checkout.source)
    (checkout.box / "b.txt").write_bytes(b"one\r\n")
    assert checkout.publish() == (checkout.start, b"")


def test_gitattributes_hide_nothing_from_the_diff(checkout: Checkout) -> None:
    (checkout.box / ".gitattributes").write_text("* -diff\n")
    (checkout.box / "a.txt").write_text("three\n")
    assert b"+three" in checkout.publish()[1]


def test_a_diff_of_any_size_is_cut(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "DIFF_LIMIT", 1000)
    (checkout.box / "a.txt").write_text("three\n" * 1000)
    _, diff = checkout.publish()
    assert len(diff) < 1010
    assert diff.endswith(b"[cut]\n")


@pytest.mark.parametrize("branch", ["x\u2028y", "x\u0085y", "x\u2029refs/heads/main"])
def test_a_name_with_what_ends_lines_elsewhere_is_one_name(served: Path, branch: str) -> None:
    run("branch", branch, "main", cwd=served)
    assert pull_request.resolve(f"file://{served}", "7", "", "").branch == "feature"
    assert f"refs/heads/{branch}" in git.references(f"file://{served}")


def test_of_many_branches_a_few_are_named(served: Path) -> None:
    tip = run("rev-parse", "feature", cwd=served).strip()
    names = "".join(f"create refs/heads/x{number:03} {tip}\n" for number in range(300))
    subprocess.run(["git", "update-ref", "--stdin"], cwd=served, input=names, text=True, check=True)
    with pytest.raises(ArgumentError, match="301 branches are at") as error:
        pull_request.resolve(f"file://{served}", "7", "", "")
    assert len(str(error.value)) < 300


def test_names_that_are_no_utf_8_come_through(served: Path, checkout: Checkout) -> None:
    Path(os.fsdecode(os.fsencode(checkout.box) + b"/caf\xe9.txt")).write_text("x")
    commit, _ = checkout.publish()
    names = subprocess.run(["git", "ls-tree", "-z", "--name-only", commit], cwd=served, capture_output=True, check=True)
    assert b"caf\xe9.txt" in names.stdout.split(b"\0")


@pytest.mark.parametrize("branch", ["x/{{=sprig.repeat(3,'ab')}}", "x/$(SETTINGS)", "fix/größe", "user's-fix", "100%"])
def test_any_branch_that_git_allows_is_found_and_pushed_to(served: Path, tmp_path: Path, branch: str) -> None:
    run("branch", "-m", "feature", branch, cwd=served)
    found = pull_request.resolve(f"file://{served}", "7", "", "").branch
    assert found == branch
    checkout = check_out(f"file://{served}", tmp_path)
    (checkout.box / "a.txt").write_text("three\n")
    commit, _ = checkout.publish(decoded(encoded(found)))
    assert run("rev-parse", branch, cwd=served).strip() == commit
    assert not set("{}$%") & set(re.sub("%[0-9A-F]{2}", "", encoded(branch)))


def test_the_default_branch_is_never_taken_for_the_pull_request_s(served: Path) -> None:
    run("update-ref", "refs/pull/7/head", "refs/heads/main", cwd=served)
    assert pull_request.resolve(f"file://{served}", "7", "", "").branch == ""
    assert pull_request.resolve(f"file://{served}", "7", "", "main").branch == "main"


@pytest.fixture
def head_step(served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of step head for pull request 7; its outputs land in the returned folder."""
    monkeypatch.setattr(git, "repository_url", lambda *_: f"file://{served}")
    first = run("rev-parse", "main", cwd=served).strip()
    given = {"OWNER": "acme", "REPO": "shop", "PR": "7"}
    run_of = {name: base64.b64encode(value.encode()).decode() for name, value in given.items()}
    run_of |= {"WORKFLOW": "w", "WORKFLOW_UID": "u", "NAMESPACE": "n"}
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
