"""Step head: what an agent platform that pushes by itself left at the head of the pull request."""

from __future__ import annotations

import os

from implementation_dag.base import git, outputs, pull_request
from implementation_dag.base.log import say
from implementation_dag.contract import arguments, run, settings
from implementation_dag.contract.branch import decoded


def main() -> int:
    """Write output `commit`, the pull request's head; it must contain COMMIT. Raises ArgumentError, GitError."""
    this, env = run.from_environment(), os.environ
    start, branch = env["COMMIT"], decoded(env["BRANCH"])
    arguments.validate({"owner": this.owner, "repo": this.repo, "pr": this.pr, "commit": start, "branch": branch})
    url = git.repository_url(settings.load(settings.OfHead).git.base_url, this.owner, this.repo)
    head = pull_request.resolve(url, this.pr, "", branch).commit
    # A rewritten history would hand the next stage something that this run's stages never saw.
    pull_request.resolve(url, this.pr, start, branch)
    outputs.write({"commit": head})
    say(f"{'nothing was pushed' if head == start else 'pushed'}: {this.pull_request} is at {head}")
    return 0
