"""Every request and answer is as GitHub describes it, and none can merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from implementation_dag.forge.errors import Conflict
from implementation_dag.forge.model import Permission
from implementation_dag.reporting.checks import environment
from implementation_dag.reporting.comment import marker

from .fake import GitHub
from .scenarios import (
    ASKED,
    FAILED,
    FIRST,
    PASSED,
    PREVIEW,
    REFUSED,
    RELEASE,
    RUNNING,
    SCENARIOS,
    SECOND,
    SUPERSEDED,
    Clients,
    again,
    of_second,
    prepared,
)

Fresh = Callable[[], GitHub]
_REPO = "/repos/{owner}/{repo}"
READS = {
    ("GET", "/app"),
    ("GET", f"{_REPO}/installation"),
    ("GET", f"{_REPO}/pulls"),
    ("GET", f"{_REPO}/pulls/{{pull_number}}"),
    ("GET", f"{_REPO}/pulls/{{pull_number}}/files"),
    ("GET", f"{_REPO}/pulls/{{pull_number}}/reviews"),
    ("GET", f"{_REPO}/collaborators/{{username}}/permission"),
    ("GET", f"{_REPO}/commits/{{ref}}/check-runs"),
    ("GET", f"{_REPO}/deployments"),
    ("GET", f"{_REPO}/deployments/{{deployment_id}}/statuses"),
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments"),
    ("GET", f"{_REPO}/issues/comments"),
    ("GET", f"{_REPO}/issues/comments/{{comment_id}}"),
    # Writes nothing that anybody sees.
    ("POST", "/app/installations/{installation_id}/access_tokens"),
}
WRITES = {
    ("POST", f"{_REPO}/check-runs"),
    ("PATCH", f"{_REPO}/check-runs/{{check_run_id}}"),
    ("POST", f"{_REPO}/deployments"),
    ("POST", f"{_REPO}/deployments/{{deployment_id}}/statuses"),
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments"),
    ("PATCH", f"{_REPO}/issues/comments/{{comment_id}}"),
    ("POST", f"{_REPO}/issues/comments/{{comment_id}}/reactions"),
    ("POST", f"{_REPO}/pulls/{{pull_number}}/reviews"),
    ("PUT", f"{_REPO}/pulls/{{pull_number}}/reviews/{{review_id}}/dismissals"),
}


@pytest.fixture
def github(fresh: Fresh) -> GitHub:
    return prepared(fresh())


@pytest.fixture
def clients(github: GitHub, credentials: Path) -> Clients:
    return Clients(github, credentials)


def test_all_calls_of_all_scenarios_are_described_and_allowed(
    fresh: Fresh, credentials: Path, record_property: Callable[[str, object], None]
) -> None:
    called: set[tuple[str, str]] = set()
    wrong: list[str] = []
    for steps in SCENARIOS.values():
        github = prepared(fresh())
        for step in steps:
            step(Clients(github, credentials))
        wrong += github.wrong
        called |= set(github.calls)
    record_property("schema_violations", len(wrong))
    record_property("disallowed_calls", len(called - READS - WRITES))
    assert wrong == []
    assert called <= READS | WRITES
    assert called >= WRITES


@pytest.mark.parametrize("name", SCENARIOS)
def test_told_again_nothing_is_written(fresh: Fresh, credentials: Path, name: str) -> None:
    github = prepared(fresh())
    for step in SCENARIOS[name]:
        clients = Clients(github, credentials)
        step(clients)
        if name == "commands":
            continue
        for whose, most in ((clients, 3), (Clients(github, credentials), 13)):
            before = len(github.calls)
            step(whose)
            assert set(github.calls[before:]) <= READS
            assert len(github.calls) - before <= most


def comments(github: GitHub) -> list[str]:
    return [one["body"] for one in github.state.comments[3:]]


def deployed(github: GitHub) -> list[tuple[str, list[str]]]:
    return [(one["sha"], [status["state"] for status in one["statuses"]]) for one in github.state.deployments]


def standing(github: GitHub) -> list[tuple[str, str]]:
    return [(one["state"], one["commit_id"]) for one in github.state.reviews[2:]]


def test_a_run_is_shown_by_check_runs_one_comment_and_a_deployment(clients: Clients, github: GitHub) -> None:
    clients.teller.tell(RUNNING)
    clients.teller.tell(PASSED)
    assert {one["name"]: one["conclusion"] for one in github.state.check_runs} == {
        RELEASE: "success",
        f"{RELEASE}/implement": "success",
        f"{RELEASE}/qa-testing": "success",
        f"{RELEASE}/acceptance": "success",
    }
    (comment,) = comments(github)
    assert comment.startswith(marker(RELEASE))
    assert f"[preview](<{PREVIEW}>)" in comment
    (deployment,) = github.state.deployments
    assert deployment["environment"] == environment(RELEASE, 7)
    assert [one["environment_url"] for one in deployment["statuses"]] == [PREVIEW]
    # The three that look like ours are left as they were.
    assert len(github.state.comments) == 4


def test_a_failed_stage_has_all_its_annotations_once(clients: Clients, github: GitHub) -> None:
    clients.teller.tell(FAILED)
    (failed,) = [one for one in github.state.check_runs if one["name"].endswith("qa-testing")]
    assert failed["conclusion"] == "failure"
    assert [one["start_line"] for one in failed["annotations"]] == list(range(1, 121))
    assert {one["name"]: one["conclusion"] for one in github.state.check_runs}[f"{RELEASE}/acceptance"] == "skipped"


def test_a_new_commit_takes_the_deployment_and_the_approval(clients: Clients, github: GitHub) -> None:
    for step in SCENARIOS["superseded"]:
        step(clients)
    assert deployed(github) == [(FIRST, ["success", "inactive"]), (SECOND, ["success"])]
    assert standing(github) == [("DISMISSED", FIRST), ("APPROVED", SECOND)]
    assert len(comments(github)) == 1


def test_what_an_old_commit_was_leaves_the_new_ones_comment_and_deployment(clients: Clients, github: GitHub) -> None:
    clients.teller.tell(of_second(PASSED))
    before = comments(github)
    clients.teller.tell(SUPERSEDED)
    assert comments(github) == before
    assert deployed(github) == [(SECOND, ["success"])]


def test_no_approval_when_the_head_moved_or_the_pull_request_closed(clients: Clients, github: GitHub) -> None:
    clients.approver.review(RUNNING)
    github.state.pull_requests[7]["head"]["sha"] = SECOND
    clients.approver.review(PASSED)
    github.state.pull_requests[7] |= {"state": "closed", "head": github.state.pull_requests[7]["head"] | {"sha": FIRST}}
    clients.approver.review(PASSED)
    assert standing(github) == []


def test_another_pull_request_of_the_commit_that_may_not_run_takes_nothing_from_the_first(
    clients: Clients, github: GitHub
) -> None:
    clients.teller.tell(PASSED)
    before = {one["name"]: one["conclusion"] for one in github.state.check_runs}
    github.open(8, FIRST)
    clients.teller.tell(replace(REFUSED, number=8))
    assert {one["name"]: one["conclusion"] for one in github.state.check_runs} == before


def test_an_approval_is_for_a_run_that_passed(clients: Clients, github: GitHub) -> None:
    clients.approver.review(PASSED)
    clients.approver.review(again(FAILED))
    assert standing(github) == [("DISMISSED", FIRST), ("CHANGES_REQUESTED", FIRST)]
    clients.approver.review(replace(PASSED, run="shop-pr-7-3"))
    assert standing(github)[1:] == [("DISMISSED", FIRST), ("APPROVED", FIRST)]


def test_a_failure_may_be_a_comment_instead(clients: Clients, github: GitHub) -> None:
    clients.commenter.review(FAILED)
    assert standing(github) == [("COMMENTED", FIRST)]


def test_ones_own_pull_request_is_refused_in_clear_words(clients: Clients, github: GitHub) -> None:
    github.open(7, FIRST, author="qa[bot]")
    with pytest.raises(Conflict, match=r"acme/shop#7 is by qa\[bot\], as whom QA reviews too.*of its own"):
        clients.approver.review(PASSED)


def test_a_refused_command_is_answered_once_and_pings_nobody(clients: Clients, github: GitHub) -> None:
    for _ in range(2):
        clients.teller.answer("acme", "shop", ASKED, False, "@dev may not")
    (comment,) = comments(github)
    assert comment.splitlines()[1] == "`dev`, not done: `@dev may not`"
    assert github.state.reactions == {(501, "reporter[bot]", "confused")}


def test_comments_of_a_repository_are_listed(clients: Clients, github: GitHub) -> None:
    number = github.comment("dev", "/retest")
    found = clients.reader.comments("acme", "shop", "2026-11-30T00:00:00Z")
    assert [(each.id, each.author, each.body) for each in found][-1] == (number, "dev", "/retest")
    assert github.wrong == []
    assert ("GET", f"{_REPO}/issues/comments") in github.calls


def test_a_deleted_comment_is_written_anew(clients: Clients, github: GitHub) -> None:
    clients.teller.tell(RUNNING)
    github.state.comments.pop()
    clients.teller.tell(PASSED)
    assert len(comments(github)) == 1


def test_tokens_are_for_one_repository_and_the_identitys_task(clients: Clients, github: GitHub) -> None:
    clients.reader.pull_request("acme", "shop", 7)
    clients.teller.tell(RUNNING)
    made = [call for call in github.calls if call[1].endswith("access_tokens")]
    assert len(made) == 2
    clients.approver.review(PASSED)
    assert [permissions for _, permissions in github._tokens.values()] == [
        {"metadata": "read", "pull_requests": "read"},
        {"checks": "write", "deployments": "write", "metadata": "read", "pull_requests": "write"},
        {"metadata": "read", "pull_requests": "write"},
    ]


def test_pull_requests_are_read_as_github_shows_them(clients: Clients, github: GitHub) -> None:
    for number in range(8, 130):
        github.open(number, SECOND, draft=True, labels=[{"name": "preview"}])["head"]["repo"] = None
    github.state.pull_requests[9]["state"] = "closed"
    github.state.pull_requests[8]["user"] |= {"login": "Copilot", "type": "Bot"}
    one = clients.reader.pull_request("acme", "shop", 7)
    assert (one.head, one.branch, one.author, one.open, one.fork, one.draft) == (
        FIRST,
        "change",
        "dev",
        True,
        False,
        False,
    )
    listing = clients.reader.open_pull_requests("acme", "shop")
    assert listing
    assert [one.number for one in listing.pull_requests] == [7, 8, *range(10, 130)]
    assert listing.complete
    assert not listing.tag
    other = listing.pull_requests[1]
    assert (other.fork, other.draft, other.labels, other.head) == (True, True, frozenset({"preview"}), SECOND)
    assert [(each.author, each.bot) for each in listing.pull_requests[:2]] == [("dev", False), ("Copilot", True)]
    assert {(each.owner, each.repo) for each in listing.pull_requests} == {("acme", "shop")}
    assert set(github.calls) <= READS


def test_a_moved_file_counts_at_both_paths(clients: Clients, github: GitHub) -> None:
    github.state.files = [{"filename": f"src/{number}.py", "status": "added"} for number in range(150)]
    github.state.files += [{"filename": "new.py", "status": "renamed", "previous_filename": "old.py"}]
    files = clients.reader.changed_files("acme", "shop", 7)
    assert len(files.paths) == 152
    assert files.paths[-2:] == ("new.py", "old.py")
    assert files.complete
    github.state.files = [{"filename": f"src/{number}.py", "status": "added"} for number in range(3001)]
    files = clients.reader.changed_files("acme", "shop", 7)
    assert (len(files.paths), files.complete) == (3000, False)


def test_who_is_no_collaborator_may_nothing(clients: Clients, github: GitHub) -> None:
    github.state.permissions = {"dev": "write", "guest": "none", "boss": "admin"}
    found = [clients.reader.permission("acme", "shop", login) for login in ("dev", "guest", "boss", "dependabot[bot]")]
    assert found == [Permission.WRITE, Permission.NONE, Permission.ADMIN, Permission.NONE]
    assert github.wrong == []
