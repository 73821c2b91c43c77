"""Resolve a pull request to one exact commit and the branch it came from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import ArgumentError
from .git import GitError, git, patiently, references

# Branches that a message names.
NAMED = 10


@dataclass(frozen=True)
class Head:
    """`commit` is 40 hex digits; `branch` is empty when no branch of the repository is at the head (a fork).

    The default branch is never taken for it: a fork that is level with it is at the same commit.
    """

    commit: str
    branch: str


def resolve(url: str, pr: str, commit: str, branch: str) -> Head:
    """Return the commit to work on: the head of the pull request, or `commit` (7-40 hex) if it belongs to it.

    Raises ArgumentError when the pull request or the commit is not there, GitError when the host does not answer.
    """
    known = references(url, patiently)
    head = known.get(f"refs/pull/{pr}/head")
    if head is None:
        raise ArgumentError(f"parameter 'pr' is {pr!r}: {url} has no such pull request (no refs/pull/{pr}/head)")
    if branch and f"refs/heads/{branch}" not in known:
        raise ArgumentError(f"parameter 'branch' is {branch!r}: {url} has no such branch")
    return Head(_within(url, pr, head, commit) if commit else head, branch or _branch_at(known, head))


def _branch_at(known: dict[str, str], head: str) -> str:
    names = [
        name.removeprefix("refs/heads/")
        for name, at in known.items()
        if at == head and name.startswith("refs/heads/") and name != known.get("HEAD")
    ]
    if len(names) > 1:
        raise ArgumentError(
            f"parameter 'branch' is empty, and {len(names)} branches are at {head}: "
            f"name one of {', '.join(sorted(names)[:NAMED])}{', ...' if len(names) > NAMED else ''}"
        )
    return names[0] if names else ""


def _within(url: str, pr: str, head: str, commit: str) -> str:
    if head.startswith(commit):
        return head
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git("init", "--quiet", "--bare", cwd=folder)
        git("fetch", "--quiet", "--no-tags", "--filter=tree:0", "--", url, f"refs/pull/{pr}/head", cwd=folder, url=url)
        try:
            full = git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", cwd=folder).strip()
            git("merge-base", "--is-ancestor", full, head, cwd=folder)
        except GitError:
            raise ArgumentError(
                f"parameter 'commit' is {commit!r}: not a commit of pull request {pr} (head {head})"
            ) from None
    return full
