"""Commit and push what an agent changed: git sees plain files that we wrote, and never the agent's own folder."""

from __future__ import annotations

from pathlib import Path

from .. import git
from ..errors import StepError
from ..log import say

MESSAGES = {"rex": "Implement the change", "clippy": "Format and fix lint findings"}
DIFFS = {"rex": "changes.diff", "clippy": "fixes.diff"}


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
        (folder / "commit.txt").write_text(f"{commit} {MESSAGES[stage] if diff else 'unchanged'}\n")
    return commit


def commit_and_push(
    source: Path, changed: Path, url: str, branch: str, message: str, author: tuple[str, str]
) -> tuple[str, bytes]:
    """Commit the tree `changed` on top of what is checked out in `source`, push it to `branch`; return commit and diff.

    `source` is our own checkout, `changed` was written by `bundle.unpack`: nothing in them is a repository, a hook or a
    filter of the agent's. Without a change the result is the commit of `source` and an empty diff. Raises GitError,
    StepError.
    """
    tree = [f"--git-dir={source / '.git'}", f"--work-tree={changed}"]
    start = git.git(*tree, "rev-parse", "HEAD", cwd=changed).strip()
    git.git(*tree, "add", "--all", "--", ".", cwd=changed)
    diff = git.output(*tree, "diff", "--cached", "--no-ext-diff", "--no-textconv", start, cwd=changed)
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
