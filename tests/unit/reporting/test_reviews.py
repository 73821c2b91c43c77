"""When a run reviews, when it does not, and what it withdraws: by the reviews that are there, whoever changed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.model import PullRequest, Report, Verdict
from implementation_dag.reporting.reviews import Kind, Review, Reviewer, Reviews, marker
from tests.unit.pull_requests.peer import Peer
from tests.unit.pull_requests.world import commit, opened

RELEASE = "previews"


@dataclass
class Forge(Reviews):
    """Keeps reviews as GitHub does: one that is withdrawn stays to be seen."""

    kept: list[Review] = field(default_factory=list)

    def login(self) -> str:
        return "qa"

    def own(self, owner: str, repo: str, number: int) -> Sequence[Review]:
        return list(self.kept)

    def give(self, owner: str, repo: str, number: int, kind: Kind, commit: str, body: str) -> None:
        self.kept.append(Review(len(self.kept) + 1, kind, commit, body))

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        self.dismiss(review.id)

    def dismiss(self, number: int) -> None:
        """Withdraw a review, as a person may do too."""
        self.kept[number - 1] = replace(self.kept[number - 1], kind=Kind.DISMISSED)

    def stands(self, kind: Kind) -> list[str]:
        """Return the commits of the reviews of that kind."""
        return [one.commit for one in self.kept if one.kind is kind]


def report(run: int, verdict: Verdict, of: int = 1) -> Report:
    return Report("acme", "shop", 7, commit(of), verdict, f"shop-pr-7-{run}")


def reviewer(forge: Forge, found: PullRequest | None = None) -> Reviewer:
    return Reviewer(Peer(found or opened()), forge, RELEASE, "request-changes")


def test_a_person_s_dismissal_is_the_last_word_until_another_run() -> None:
    forge = Forge()
    qa = reviewer(forge)
    qa.review(report(1, Verdict.PASSED))
    forge.dismiss(1)
    for _ in range(2):
        qa.review(replace(report(1, Verdict.PASSED), expires="2026-12-02T00:00:00Z"))
    assert forge.stands(Kind.APPROVAL) == []
    qa.review(report(2, Verdict.PASSED))
    assert forge.stands(Kind.APPROVAL) == [commit(1)]


def test_a_person_s_words_with_our_first_line_do_not_keep_us_from_reviewing() -> None:
    forge = Forge([Review(1, Kind.COMMENT, commit(1), marker(RELEASE, "shop-pr-7-9") + " and more")])
    reviewer(forge).review(report(1, Verdict.PASSED))
    assert forge.stands(Kind.APPROVAL) == [commit(1)]


VERDICTS = st.sampled_from([Verdict.PASSED, Verdict.FAILED, Verdict.SUPERSEDED, Verdict.STOPPED])


@given(verdicts=st.lists(VERDICTS, min_size=1, max_size=5), told=st.lists(st.integers(0, 4), max_size=12))
def test_however_often_earlier_runs_are_told_of_the_last_word_is_the_last_run_s(
    verdicts: list[Verdict], told: list[int]
) -> None:
    forge = Forge()
    qa = reviewer(forge)
    for number, verdict in enumerate(verdicts, start=1):
        qa.review(report(number, verdict))
        for earlier in (each for each in told if each < number - 1):
            qa.review(report(earlier + 1, verdicts[earlier]))
    said = [(number, each) for number, each in enumerate(verdicts, start=1) if each in (Verdict.PASSED, Verdict.FAILED)]
    last = said[-1][1] if said else None
    assert forge.stands(Kind.APPROVAL)[:1] == ([commit(1)] if last is Verdict.PASSED else [])
    assert forge.stands(Kind.CHANGES)[:1] == ([commit(1)] if last is Verdict.FAILED else [])


@given(st.lists(st.sampled_from([(run, of, verdict) for run in (1, 2) for of in (1, 2) for verdict in Verdict])))
def test_only_the_head_is_approved_and_once(reports: list[tuple[int, int, Verdict]]) -> None:
    forge = Forge()
    qa = reviewer(forge, replace(opened(), head=commit(2)))
    for run, of, verdict in reports:
        qa.review(report(run, verdict, of))
    assert forge.stands(Kind.APPROVAL) in ([], [commit(2)])
