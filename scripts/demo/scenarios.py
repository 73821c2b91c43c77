"""The scenarios of the demo: what each one submits, and how it must end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.demo import checks
from scripts.demo.checks import Check, Observed
from scripts.lab.stand.repository import OWNER, REPO, PullRequest

MISSING_IMAGE = "no-such-image"


@dataclass(frozen=True)
class Case:
    """One run: a pull request (None when there is none), the workflow's arguments, the rules of its end.

    The release itself starts one that is `started_by_forge`, when a webhook tells it of the pull request.
    """

    pull: PullRequest | None
    arguments: dict[str, str]
    rules: Callable[[Observed], list[Check]]
    started_by_forge: bool = False


@dataclass(frozen=True)
class Scenario:
    """`cases` run at the same time; `expected` is the phase every one of them must end in."""

    name: str
    about: str
    expected: str
    cases: tuple[Case, ...]


def case(pull: PullRequest, rules: Callable[[Observed], list[Check]]) -> Case:
    """A run on a pull request, with the arguments a user gives and no others; its number comes when it is opened."""
    return Case(pull, {"owner": OWNER, "repo": REPO}, rules)


def all_scenarios(registry: str) -> dict[str, Scenario]:
    """The scenarios by name; `registry` is where the application's image is pushed."""
    found = (
        Scenario(
            "default",
            "a pull request starts its run: every stage succeeds, the preview stays, QA approves",
            "Succeeded",
            (Case(PullRequest("default", "discount"), {}, checks.told, started_by_forge=True),),
        ),
        Scenario(
            "tests-fail",
            "a change that breaks tests: QA fails, no preview remains, the evidence is kept",
            "Failed",
            (case(PullRequest("tests-fail", "tests-fail"), checks.tests_failed),),
        ),
        Scenario(
            "bad-image",
            "preview values that name an image nobody pushed: deploy ends soon, with the reason",
            "Failed",
            (
                case(
                    PullRequest("bad-image", "discount", image=f"{registry}/{OWNER}/{MISSING_IMAGE}"),
                    checks.bad_image,
                ),
            ),
        ),
        Scenario(
            "slow",
            "a change that answers slowly: acceptance fails over its p95, the report is kept",
            "Failed",
            (case(PullRequest("slow", "slow"), checks.too_slow),),
        ),
        Scenario(
            "unformatted",
            "a badly formatted change: clippy fixes it, and the fix is what is tested and deployed",
            "Succeeded",
            (case(PullRequest("unformatted", "unformatted"), checks.fix_deployed),),
        ),
        Scenario(
            "own-settings",
            "a chart elsewhere, with another key for its host, as .implementation-dag.yaml says: every stage succeeds",
            "Succeeded",
            (case(PullRequest("own-settings", moved=True), checks.by_own_settings),),
        ),
        Scenario(
            "bad-argument",
            "pr=seven: the first node fails with a message that names the parameter, nothing is created",
            "Failed",
            (Case(None, {"owner": OWNER, "repo": REPO, "pr": "seven"}, checks.argument_refused),),
        ),
        Scenario(
            "two-prs",
            "two pull requests at once: both end well, each preview answers its own commit and version",
            "Succeeded",
            (
                case(PullRequest("first-of-two", "discount"), checks.succeeded),
                case(PullRequest("second-of-two", version="1.9.0"), checks.changed_nothing),
            ),
        ),
    )
    return {scenario.name: scenario for scenario in found}
