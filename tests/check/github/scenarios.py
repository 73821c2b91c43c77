"""What is done at GitHub in the life of a pull request, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from implementation_dag.forge.app import READER, REPORTER, REVIEWER, App
from implementation_dag.forge.github import HEADERS, GitHubReader
from implementation_dag.forge.identity import Place
from implementation_dag.forge.model import Annotation, Comment, Report, Stage, State, Verdict
from implementation_dag.reporting.comment import marker
from implementation_dag.reporting.github import GitHubTeller
from implementation_dag.reporting.github_reviews import GitHubReviews
from implementation_dag.reporting.reviews import Reviewer

from .fake import GitHub

RELEASE = "previews"
FIRST, SECOND = "a" * 40, "b" * 40
PREVIEW = "https://shop-pr-7.preview.example.com"
EVIDENCE = "https://evidence.example.com/acme/shop/pr-7/run-1?X-Amz-Expires=600&X-Amz-Signature=0a"


@dataclass
class Clients:
    """One process of the controller: teller and approver as the apps that they are."""

    github: GitHub
    credentials: Path
    now: float = 0.0
    teller: GitHubTeller = field(init=False)
    approver: Reviewer = field(init=False)
    commenter: Reviewer = field(init=False)
    reader: GitHubReader = field(init=False)

    def __post_init__(self) -> None:
        place = Place("https://api.github.com", headers=HEADERS, transport=self.github, clock=lambda: self.now)
        # Where values name no reader, the reporter's app reads, by tokens that may not more.
        reader, reporter, qa = (
            App(place, self.credentials / name, permissions)
            for name, permissions in (("reporter", READER), ("reporter", REPORTER), ("qa", REVIEWER))
        )
        self.reader = GitHubReader(reader)
        self.teller = GitHubTeller(reporter, RELEASE)
        reviews = GitHubReviews(qa)
        self.approver = Reviewer(self.reader, reviews, RELEASE, "request-changes")
        self.commenter = Reviewer(self.reader, reviews, RELEASE, "comment")


Step = Callable[[Clients], None]


def report(verdict: Verdict, commit: str = FIRST, run: str = "shop-pr-7-1", **fields: object) -> Report:
    """Return a report of the pull request."""
    return replace(Report("acme", "shop", 7, commit, verdict, run), **fields)  # type: ignore[arg-type]


def told(found: Report) -> Step:
    return lambda clients: clients.teller.tell(found)


def reviewed(found: Report) -> Step:
    return lambda clients: clients.approver.review(found)


def pushed(commit: str) -> Step:
    def step(clients: Clients) -> None:
        clients.github.state.pull_requests[7]["head"]["sha"] = commit

    return step


def stages(*states: State, findings: int = 0) -> tuple[Stage, ...]:
    names = ("implement", "qa-testing", "acceptance")
    found = tuple(Annotation(f"src/{n}.py", n + 1, f"finding {n}") for n in range(findings))
    return tuple(
        Stage(name, state, f"it {state.value}", "2026-11-30T03:00:00Z", "2026-11-30T03:01:00Z", EVIDENCE)
        if state is not State.FAILED
        else Stage(name, state, "3 of 7 tests failed", annotations=found)
        for name, state in zip(names, states, strict=True)
    )


WAITING = report(Verdict.WAITING, run="", reason="2 runs are before it")
RUNNING = report(Verdict.RUNNING, stages=stages(State.PASSED, State.RUNNING, State.WAITING))
PASSED = report(
    Verdict.PASSED,
    stages=stages(State.PASSED, State.PASSED, State.PASSED),
    preview=PREVIEW,
    expires="2026-12-01T03:00:00Z",
    evidence=EVIDENCE,
    figures=(("p95", "6 ms"),),
)
FAILED = report(
    Verdict.FAILED, reason="qa-testing failed", stages=stages(State.PASSED, State.FAILED, State.WAITING, findings=120)
)
SUPERSEDED = report(Verdict.SUPERSEDED, stages=RUNNING.stages)
REFUSED = report(Verdict.REFUSED, run="", reason="the fork's author may not start runs")
STOPPED = replace(PASSED, verdict=Verdict.STOPPED, preview="", expires="")


def again(found: Report, **fields: object) -> Report:
    """Return the report of another run of the same commit."""
    return replace(found, run="shop-pr-7-2", **fields)  # type: ignore[arg-type]


def of_second(found: Report) -> Report:
    return replace(found, commit=SECOND, run="shop-pr-7-2")


ASKED = Comment(501, 7, "dev", "/retest")

SCENARIOS: dict[str, tuple[Step, ...]] = {
    "passes": (told(WAITING), told(RUNNING), told(PASSED), reviewed(PASSED), told(STOPPED)),
    "fails": (told(RUNNING), told(FAILED), reviewed(FAILED), lambda clients: clients.commenter.review(FAILED)),
    "fails, then passes": (told(FAILED), reviewed(FAILED), told(again(PASSED)), reviewed(again(PASSED))),
    "passes, then fails": (told(PASSED), reviewed(PASSED), told(again(FAILED)), reviewed(again(FAILED))),
    "superseded": (
        told(PASSED),
        reviewed(PASSED),
        pushed(SECOND),
        told(SUPERSEDED),
        told(of_second(RUNNING)),
        reviewed(of_second(RUNNING)),
        told(of_second(PASSED)),
        reviewed(of_second(PASSED)),
    ),
    "refused, then allowed": (told(REFUSED), told(RUNNING), told(PASSED)),
    "commands": (
        lambda clients: clients.teller.answer("acme", "shop", ASKED, True),
        lambda clients: clients.teller.answer("acme", "shop", replace(ASKED, id=502), False, "`dev` may not @write"),
    ),
}


def prepared(github: GitHub) -> GitHub:
    """Give it the pull request, among comments and reviews of others that look like ours."""
    github.open(7, FIRST)
    github.comment("dev", f"{marker(RELEASE)}\nnot the release's")
    github.comment("qa[bot]", f"{marker(RELEASE)}\nanother identity's")
    github.comment("reporter[bot]", f"quoted:\n{marker(RELEASE)}")
    github.review("dev", "APPROVED", FIRST)
    github.review("qa[bot]", "COMMENTED", None, "of a person")
    return github
