"""Commit and push what an agent changed: git sees plain files that we wrote, and never the agent's own folder."""

from __future__ import annotations

import filecmp
import os
import stat
import tempfile
from pathlib import Path

from implementation_dag.base import git
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say

MESSAGES = {"rex": "Implement the change", "clippy": "Format and fix lint findings"}
DIFFS = {"rex": "changes.diff", "clippy": "fixes.diff"}
COMMIT = "commit.txt"
# The diff is evidence for people; what is larger is cut.
DIFF_LIMIT = 10 * 1024 * 1024


def own_names(stage: str) -> set[str]:
    """Return the names of the evidence that we write of `stage` ourselves: an agent's files may not have them."""
    return {DIFFS[stage], *([COMMIT] if stage == "rex" else [])} if stage in DIFFS else set()


def publish(
    source: Path,
    changed: Path,
    url: str,
    branch: str,
    stage: str,
    workflow: str,
    author: tuple[str, str],
    folder: Path,
) -> str:
    """Publish what `stage` changed, its diff into `folder`; return the commit that the next stage works on.

    Raises GitError, StepError.
    """
    commit, diff = commit_and_push(source, changed, url, branch, f"{MESSAGES[stage]} ({workflow})", author)
    (folder / DIFFS[stage]).write_bytes(diff)
    if stage == "rex":
        (folder / COMMIT).write_text(f"{commit} {MESSAGES[stage] if diff else 'unchanged'}\n")
    return commit


def commit_and_push(
    source: Path, changed: Path, url: str, branch: str, message: str, author: tuple[str, str]
) -> tuple[str, bytes]:
    """Commit the tree `changed` on top of what is checked out in `source`, push it to `branch`; return commit and diff.

    `source` is our own checkout, `changed` was written by `bundle.unpack`: nothing in them is a repository, a hook or a
    filter of the agent's. Without a change the result is the commit of `source` and an empty diff, which is cut at 10
    MiB. Raises GitError, StepError.
    """
    tree = [f"--git-dir={source / '.git'}", f"--work-tree={changed}"]
    start = git.git(*tree, "rev-parse", "HEAD", cwd=changed).strip()
    git.git(*tree, "add", "--all", "--", ".", cwd=changed)
    _leave_alone(tree, source, changed, start)
    diff = _diff(tree, source, changed, start)
    if not diff:
        return start, b""
    if not branch:
        raise StepError(
            "the stage changed the code, but no branch of the repository is at the head of the pull request "
            "(a fork?): name one in parameter 'branch'"
        )
    identity = ["-c", f"user.name={author[0]}", "-c", f"user.email={author[1]}", "-c", "commit.gpgSign=false"]
    git.git(*tree, *identity, "commit", "--quiet", "--no-verify", "-m", message, cwd=changed)
    commit = git.git(*tree, "rev-parse", "HEAD", cwd=changed).strip()
    # A plain push: when somebody else pushed meanwhile, it is refused and nothing is lost.
    git.git(*tree, "push", "--quiet", "--", url, f"{commit}:refs/heads/{branch}", cwd=changed, url=url)
    say(f"pushed {commit} to {branch}")
    return commit, diff


def _leave_alone(tree: list[str], source: Path, changed: Path, start: str) -> None:
    """Take back what `git add` alone changed: line endings and encodings that .gitattributes asks for since."""
    listed = git.output(
        *tree, "diff", "--cached", "--no-renames", "--diff-filter=M", "--name-only", "-z", start, cwd=changed
    )
    names = [
        name for name in listed.split(b"\0") if name and _same(source / os.fsdecode(name), changed / os.fsdecode(name))
    ]
    if names:
        paths = ["--pathspec-from-file=-", "--pathspec-file-nul"]
        git.output(*tree, "--literal-pathspecs", "reset", "--quiet", *paths, cwd=changed, stdin=b"\0".join(names))


def _same(one: Path, other: Path) -> bool:
    """Whether both are plain files of the same bytes and the same right to run."""
    states = [path.lstat() for path in (one, other)]
    plain = all(stat.S_ISREG(state.st_mode) for state in states)
    return plain and len({state.st_mode & 0o100 for state in states}) == 1 and filecmp.cmp(one, other, shallow=False)


def _diff(tree: list[str], source: Path, changed: Path, start: str) -> bytes:
    """Return what is in the index and not in `start`: whole, whatever the agent's .gitattributes would hide."""
    attributes = source / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* !diff\n")
    with tempfile.NamedTemporaryFile() as file:
        options = ["--cached", "--no-ext-diff", "--no-textconv", f"--output={file.name}"]
        git.git(*tree, "diff", *options, start, cwd=changed)
        found = file.read(DIFF_LIMIT + 1)
    return found[:DIFF_LIMIT] + (b"\n[cut]\n" if len(found) > DIFF_LIMIT else b"")
