"""Tells Gitea, or Forgejo, of a run: commit statuses, one comment."""

from __future__ import annotations

from implementation_dag.forge.fields import Fields
from implementation_dag.forge.http import at
from implementation_dag.forge.identity import Identity
from implementation_dag.forge.model import Comment, Report, Verdict

from .memory import Told
from .outcome import Line, Outcome, of_run, of_stages, stays
from .sticky import Comments
from .words import address, plain

# Of GitHub's statuses; Gitea's have no limit, its pages have.
DESCRIPTION_LIMIT = 140
_NAME_LIMIT = 100
_PAGE = 50
_STATES = {
    Outcome.WAITING: "pending",
    Outcome.RUNNING: "pending",
    Outcome.PASSED: "success",
    Outcome.FAILED: "failure",
    # Neither is a failure of the commit, and each would hold up what waits for all statuses.
    Outcome.OMITTED: "success",
    Outcome.STOPPED: "error",
    Outcome.REFUSED: "error",
}


def statuses(report: Report, release: str) -> list[dict[str, str]]:
    """Return the statuses of the run and its stages."""
    return [_status(line, release) for line in (of_run(report), *of_stages(report))]


class GiteaTeller:
    """Writes as `identity`, which needs write permission for statuses. What cannot be told raises ForgeError."""

    def __init__(self, identity: Identity, release: str) -> None:
        self._identity, self._release = identity, release
        self._comments, self._told = Comments(identity, release), Told()

    def tell(self, report: Report) -> None:
        """Bring what Gitea shows to what the report says."""
        if self._told.already(report):
            return
        self._told.forget(report)
        self._statuses(report)
        # The comment is the newest run's.
        if report.verdict is not Verdict.SUPERSEDED:
            self._comments.show(report)
        self._told.remember(report)

    def answer(self, owner: str, repo: str, comment: Comment, done: bool, why: str = "") -> None:
        """React to a command; where it was not done, say why."""
        self._comments.answer(owner, repo, comment, done, why)

    def _statuses(self, report: Report) -> None:
        names = {"owner": report.owner, "repo": report.repo, "commit": report.commit}
        caller = self._identity.caller(report.owner, report.repo)
        path = at("/repos/{owner}/{repo}/commits/{commit}/status", **names)
        found = Fields(caller.call("GET", path, query={"limit": _PAGE}).data, f"GET {path}")
        # Where there is none, Gitea says null in place of a list.
        there = {one.text("context"): one for one in (found.each("statuses") if found.number("total_count") else ())}
        for wanted in statuses(report, self._release):
            shown = there.get(wanted["context"])
            if shown is not None and stays(report, shown.text("status")):
                continue
            if shown is None or not _says(shown, wanted):
                caller.call("POST", at("/repos/{owner}/{repo}/statuses/{commit}", **names), body=wanted)


def _status(line: Line, release: str) -> dict[str, str]:
    return {
        "context": f"{release}/{plain(line.stage, _NAME_LIMIT)}" if line.stage else release,
        "state": _STATES[line.outcome],
        "description": plain(line.sentence, DESCRIPTION_LIMIT),
        "target_url": address(line.address),
    }


def _says(shown: Fields, wanted: dict[str, str]) -> bool:
    # Gitea answers with `status` what it takes as `state`.
    return shown.text("status") == wanted["state"] and all(
        shown.optional(name) == wanted[name] for name in ("description", "target_url")
    )
