"""Container publish: commit and push what the agent changed, keep its evidence, report its result."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .. import arguments, config, git, outputs, run
from ..errors import StepError
from ..log import fail, say
from . import evidence
from .checkout import SOURCE

AGENT_EVIDENCE = Path("/work/evidence")
WORK = Path("/work")
EXIT_CODE = WORK / "agent-exit-code"
TIMED_OUT = (124, 137, 143)
# Which stages may change the code; QA only looks.
WRITING_STAGES = {"rex", "clippy"}
MESSAGES = {"rex": "Implement the change", "clippy": "Format and fix lint findings"}


def main() -> int:
    """Write output `commit` and the stage's evidence to /artifacts/<stage>; 1 when the agent failed."""
    this, settings, env = run.from_environment(), config.load(), os.environ
    stage, start, branch = env["STAGE"], env["COMMIT"], env["BRANCH"]
    arguments.validate({"owner": this.owner, "repo": this.repo, "pr": this.pr, "commit": start, "branch": branch})
    folder = Path("/artifacts") / stage
    for name in evidence.copy(AGENT_EVIDENCE, folder, settings["evidence"]["fileLimitBytes"]):
        say(f"evidence: {name}")
    code = exit_code()
    if code:
        outputs.write({"commit": start})
        words = "did not end within its time limit" if code in TIMED_OUT else f"failed with exit code {code}"
        fail(f"agent {stage} {words}; its output is in the log of the container agent")
        return 1
    commit = start
    if stage in WRITING_STAGES:
        url = git.repository_url(settings["git"]["baseUrl"], this.owner, this.repo)
        author = (settings["git"]["authorName"], settings["git"]["authorEmail"])
        commit, diff = commit_and_push(url, start, branch, f"{MESSAGES[stage]} ({this.workflow})", author)
        (folder / {"rex": "changes.diff", "clippy": "fixes.diff"}[stage]).write_text(diff)
        if stage == "rex":
            (folder / "commit.txt").write_text(f"{commit} {MESSAGES[stage] if commit != start else 'unchanged'}\n")
    outputs.write({"commit": commit})
    say(f"{stage}: {'changed nothing, ' if commit == start else ''}commit {commit}")
    return 0


def exit_code() -> int:
    """Return the agent's exit code as its wrapper wrote it. Raises StepError when it was not even started."""
    try:
        return int(EXIT_CODE.read_text())
    except (OSError, ValueError):
        raise StepError("the agent left no exit code: it did not run to its end (see the container agent)") from None


def refuse_traps(source: Path) -> None:
    """Raise StepError when git, run here on the agent's `source`, would read elsewhere or run a program from it.

    A link in its place would publish what lies behind it, such as this container's credentials. In a repository
    inside it, where the commit has a gitlink, git runs itself with that repository's own configuration.
    """
    if source.is_symlink() or not source.is_dir():
        raise StepError(f"the agent put something else in place of its work tree: {source} is a link or no folder")
    for path in source.rglob(".git"):
        if path.parent != source:
            raise StepError(
                f"the agent left a repository inside its work tree: {path.relative_to(source)}; "
                "remove it at the end of the stage"
            )


def commit_and_push(url: str, start: str, branch: str, message: str, author: tuple[str, str]) -> tuple[str, str]:
    """Commit the work tree on top of `start` and push it to `branch`; return the commit and the diff.

    The agent's own .git is not used: its hooks, filters and configuration are hostile. A fresh repository is
    fetched and only the work tree is taken over. Without a change the result is `start` and an empty diff.
    Raises GitError, StepError.
    """
    refuse_traps(SOURCE)
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        repository = Path(name) / "repository"
        git.fetch(url, start, repository)
        tree = [f"--git-dir={repository / '.git'}", f"--work-tree={SOURCE}"]
        git.git(*tree, "add", "--all", "--", ".", cwd=SOURCE)
        diff = git.git(*tree, "diff", "--cached", "--no-ext-diff", "--no-textconv", start, cwd=SOURCE)
        if not diff:
            return start, ""
        if not branch:
            raise StepError(
                "the stage changed the code, but no branch of the repository is at the head of the pull request "
                "(a fork?): name one in parameter 'branch'"
            )
        identity = ["-c", f"user.name={author[0]}", "-c", f"user.email={author[1]}", "-c", "commit.gpgSign=false"]
        git.git(*tree, *identity, "commit", "--quiet", "--no-verify", "-m", message, cwd=SOURCE)
        commit = git.git(*tree, "rev-parse", "HEAD", cwd=SOURCE).strip()
        # A plain push: when somebody else pushed meanwhile, it is refused and nothing is lost.
        git.git(*tree, "push", "--quiet", "--", url, f"{commit}:refs/heads/{branch}", cwd=SOURCE)
        say(f"pushed {commit} to {branch}")
        return commit, diff
