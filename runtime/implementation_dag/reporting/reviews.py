"""The review of the QA identity: an approval of exactly the tested commit, withdrawn when it is no longer the head's.

Nothing here merges: no call does, and the identity has no right to write contents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from implementation_dag.contract import names
from implementation_dag.forge.errors import Conflict
from implementation_dag.forge.model import PullRequest, Report, Verdict
from implementation_dag.forge.port import Reader

from .words import code, link

OnFailure = Literal["request-changes", "comment"]
_REASON_LIMIT = 200
_RUN = "RUN"


class Kind(StrEnum):
    """What a review says."""

    APPROVAL = "approval"
    CHANGES = "changes"
    COMMENT = "comment"
    # It was withdrawn, by us or by a person.
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Review:
    """A review that was given; one that was withdrawn since is of no other kind."""

    id: int
    kind: Kind
    commit: str
    body: str


class Reviews(Protocol):
    """The reviews of one identity at a forge. Calls raise ForgeError."""

    def login(self) -> str:
        """Return the identity's name."""

    def own(self, owner: str, repo: str, number: int) -> Sequence[Review]:
        """Return its reviews, the oldest first."""

    def give(self, owner: str, repo: str, number: int, kind: Kind, commit: str, body: str) -> None:
        """Review that commit."""

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        """Let a review count no more."""


class Reviewer:
    """Reviews as the QA identity."""

    def __init__(self, reader: Reader, reviews: Reviews, release: str, on_failure: OnFailure) -> None:
        self._reader, self._reviews, self._release = reader, reviews, release
        self._on_failure = Kind.CHANGES if on_failure == "request-changes" else Kind.COMMENT

    def review(self, report: Report) -> None:
        """Approve the tested commit where the run passed and it is still the head; withdraw what names another.

        A run reviews once: whoever dismisses its review has the last word until there is another run. Raises Conflict
        in clear words where the QA identity is the pull request's author.
        """
        where = (report.owner, report.repo, report.number)
        own = list(self._reviews.own(*where))
        # Read last, so that little can happen between this and the review, which names its commit besides.
        now = self._reader.pull_request(*where)
        # An earlier run may be told of once more: what a later one said counts.
        late = any(names.supersedes(_run(one, self._release), report.run) for one in own)
        wanted = None if late else self._wanted(report, now)
        for review in own:
            if why := _outdated(review, report, now, late):
                self._reviews.withdraw(*where, review, why)
        if wanted and not any(_same(one, wanted, report, self._release) for one in own):
            self._give(now, wanted, report)

    def _wanted(self, report: Report, now: PullRequest) -> Kind | None:
        if not now.open or report.commit != now.head:
            return None
        return {Verdict.PASSED: Kind.APPROVAL, Verdict.FAILED: self._on_failure}.get(report.verdict)

    def _give(self, now: PullRequest, kind: Kind, report: Report) -> None:
        try:
            self._reviews.give(now.owner, now.repo, now.number, kind, report.commit, body(report, self._release))
        except Conflict as error:
            if now.author.lower() != self._reviews.login().lower():
                raise
            raise Conflict(
                f"{now.owner}/{now.repo}#{now.number} is by {now.author}, as whom QA reviews too, and no forge lets an "
                f"author review: give QA an identity of its own ({error})"
            ) from None


def marker(release: str, run: str) -> str:
    """Return the first line of the release's review of a run."""
    return f"<!-- implementation-dag release={release} review of {run} -->"


def body(report: Report, release: str) -> str:
    """Return the review's text."""
    commit = code(report.commit, 40)
    if report.verdict is Verdict.PASSED:
        said = f"All stages passed on {commit}, which alone this approves. Nothing merges by itself."
    else:
        said = " ".join(filter(None, (f"The run on {commit} failed:", code(report.reason, _REASON_LIMIT))))
    return "\n\n".join(filter(None, (f"{marker(release, report.run)}\n{said}", link("evidence", report.evidence))))


def _outdated(review: Review, report: Report, now: PullRequest, late: bool) -> str:
    """Return why a review does not count any more, or nothing."""
    if review.kind in (Kind.COMMENT, Kind.DISMISSED):
        return ""
    if review.commit != now.head:
        return f"The head is {now.head} now; this was said of {review.commit}."
    # What another run of the same commit found takes its place.
    other = {Verdict.FAILED: Kind.APPROVAL, Verdict.PASSED: Kind.CHANGES}.get(report.verdict)
    if report.commit == now.head and review.kind is other and not late:
        return f"Another run of this commit {report.verdict.value}."
    return ""


def _run(review: Review, release: str) -> str:
    """Return the run whose review it is; empty where it is no run's."""
    pattern = re.escape(marker(release, _RUN)).replace(_RUN, "(.+)")
    found = re.fullmatch(pattern, review.body.partition("\n")[0].rstrip())
    return found[1] if found else ""


def _same(review: Review, kind: Kind, report: Report, release: str) -> bool:
    """Whether the run has reviewed, or what it would say is said: a comment of the same identity may be a person's."""
    if report.run and _run(review, release) == report.run:
        return True
    return review.kind is kind and kind is not Kind.COMMENT and review.commit == report.commit
