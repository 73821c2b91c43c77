"""Container checkout: the agent's work tree at exactly the commit of the stage before."""

from __future__ import annotations

import os
from pathlib import Path

from .. import arguments, config, git, run
from ..log import say

SOURCE = Path("/work/src")


def main() -> int:
    """Check out COMMIT into /work/src. Raises ArgumentError, GitError."""
    this, commit = run.from_environment(), os.environ["COMMIT"]
    arguments.validate({"owner": this.owner, "repo": this.repo, "pr": this.pr, "commit": commit})
    url = git.repository_url(config.load()["git"]["baseUrl"], this.owner, this.repo)
    git.fetch(url, commit, SOURCE)
    Path("/work/evidence").mkdir(exist_ok=True)
    say(f"{this.pull_request} at {commit}")
    return 0
