"""Init container of a DocsRun: the source at exactly one commit, with nothing that leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

from implementation_dag.base import git
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say

SOURCE = Path("/work/src")


def refuse_links_outside(folder: Path) -> None:
    """Raise StepError when a link in `folder` leads out of it or into its .git."""
    root = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink():
            # Not resolve(), which raises where a link leads to itself: to nowhere is not outside.
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(root) or target.is_relative_to(root / ".git"):
                raise StepError(f"the repository has a link that leads out of the checkout: {path.relative_to(folder)}")


def run_fetch() -> int:
    """Check out SOURCE_COMMIT of SOURCE_URL into /work/src. Raises StepError."""
    url, commit = os.environ["SOURCE_URL"], os.environ["SOURCE_COMMIT"]
    git.fetch(url, commit, SOURCE)
    refuse_links_outside(SOURCE)
    say(f"{url} at {commit}")
    return 0
