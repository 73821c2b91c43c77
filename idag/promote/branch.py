"""The outside tool git: a commit on a new branch, made in a worktree of its own so that the checkout stays as it is."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from idag.promote.errors import PromoteError


def git(root: Path, *arguments: str, stdin: str = "") -> str:
    """Run git in `root` and return its output. Raises PromoteError with git's words."""
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise PromoteError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def check_clean(root: Path) -> None:
    """Refuse a checkout with changes: they would not be in the commit. Raises PromoteError naming the files."""
    changed = [line[3:] for line in git(root, "status", "--porcelain").splitlines()]
    if changed:
        raise PromoteError(f"the checkout has changes: commit or remove them first: {', '.join(changed)}")


def commit(root: Path, branch: str, message: str, change: Callable[[Path], None]) -> str:
    """Let `change` work on a copy of HEAD and commit the result as `branch`; return the commit. Raises PromoteError."""
    if git(root, "branch", "--list", branch):
        raise PromoteError(f"branch {branch} exists: merge it, or delete it with `git branch -D {branch}`")
    with tempfile.TemporaryDirectory(prefix="promote-") as folder:
        tree = Path(folder) / "tree"
        git(root, "worktree", "add", "--quiet", "--detach", str(tree))
        try:
            change(tree)
            git(tree, "add", "--all")
            git(tree, "commit", "--quiet", "--file=-", stdin=message)
            made = git(tree, "rev-parse", "HEAD").strip()
        finally:
            git(root, "worktree", "remove", "--force", str(tree))
    git(root, "branch", branch, made)
    return made
