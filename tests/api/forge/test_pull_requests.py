"""The product's reader of Gitea says of pull requests what was done to them, on a real Gitea."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from implementation_dag.base import wait
from implementation_dag.forge import gitea
from implementation_dag.forge.errors import Missing, Refused
from implementation_dag.forge.gitea import PER_PAGE
from implementation_dag.forge.model import Permission, PullRequest
from scripts.lab.forge.driver import Driver

from .conftest import OWNER, Place

SECONDS = 20.0
COUNTER = itertools.count(1)
# Umlauts, emoji, quotes, markup, what turns text round: no line ends, which Gitea takes out of titles.
TITLES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=40)
NAMES = st.text(st.sampled_from("aZ9ü😀-_+%#&"), min_size=1, max_size=8)


def eventually(found: Callable[[], bool]) -> bool:
    """Whether it comes true: Gitea moves references of pull requests a moment after a push."""
    return wait.until(found, SECONDS, 0.1)


def same(one: PullRequest, other: PullRequest) -> bool:
    """Whether two are the same, but for the time of the last change."""
    moments = {"updated": "", "created": ""}
    return vars(one) | moments == vars(other) | moments


def opened(place: Place, driver: Driver | None = None, files: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Open a pull request of a new branch; its number, branch and head."""
    driver, branch = driver or place.developer, f"change-{next(COUNTER)}"
    head = driver.push(OWNER, place.repo, branch, files or {f"{branch}.txt": "1"}, since="main")
    return driver.open(OWNER, place.repo, branch), branch, head


class Histories(RuleBasedStateMachine):
    """Open pull requests, push, rename, label, close and reopen them: what is read is what was done."""

    place: Place
    pulls = Bundle("pulls")

    @initialize()
    def begin(self) -> None:
        self.repo = f"history-{next(COUNTER)}"
        admin = self.place.forge.admin
        admin.repository(OWNER, self.repo)
        admin.allow(OWNER, self.repo, "developer", "write")
        self.wanted: dict[int, PullRequest] = {}

    @rule(target=pulls, title=TITLES, name=NAMES)
    def open(self, title: str, name: str) -> int:
        assume(not title.lower().startswith(("wip:", "[wip]")))
        branch = f"b{len(self.wanted)}/{name}"
        developer = self.place.developer
        head = developer.push(OWNER, self.repo, branch, {f"{len(self.wanted)}.txt": title}, since="main")
        number = developer.open(OWNER, self.repo, branch, title)
        self.wanted[number] = PullRequest(
            OWNER, self.repo, number, head, branch, "main", "developer", open=True, title=title
        )
        return number

    def change(self, number: int, **values: object) -> None:
        self.wanted[number] = PullRequest(**vars(self.wanted[number]) | values)

    @rule(number=pulls)
    def push(self, number: int) -> None:
        assume(self.wanted[number].open)
        files = {f"more-{next(COUNTER)}.txt": "more"}
        self.change(number, head=self.place.developer.push(OWNER, self.repo, self.wanted[number].branch, files))

    @rule(number=pulls, title=TITLES)
    def draft(self, number: int, title: str) -> None:
        self.place.developer.rename(OWNER, self.repo, number, f"WIP: {title}")
        self.change(number, title=f"WIP: {title}", draft=True)

    @rule(number=pulls, name=TITLES)
    def label(self, number: int, name: str) -> None:
        assume(name not in {label for one in self.wanted.values() for label in one.labels})
        self.place.forge.admin.label(OWNER, self.repo, number, name)
        self.change(number, labels=self.wanted[number].labels | {name})

    @rule(number=pulls)
    def close_or_reopen(self, number: int) -> None:
        wanted = not self.wanted[number].open
        self.place.developer.set_open(OWNER, self.repo, number, wanted)
        self.change(number, open=wanted)

    @invariant()
    def what_is_read_is_what_was_done(self) -> None:
        reader = self.place.reader

        def right() -> bool:
            listing = reader.open_pull_requests(OWNER, self.repo)
            assert listing is not None
            assert listing.complete
            still = [one for one in self.wanted.values() if one.open]
            listed = sorted(listing.pull_requests, key=lambda one: one.number)
            return len(listed) == len(still) and all(map(same, listed, still))

        assert eventually(right), (reader.open_pull_requests(OWNER, self.repo), self.wanted)
        for number, wanted in self.wanted.items():
            found = reader.pull_request(OWNER, self.repo, number)
            assert same(found, wanted), (found, wanted)


def test_any_history_is_read_as_it_went(place: Place) -> None:
    class Machine(Histories):
        pass

    Machine.place = place
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_a_fork_is_one_also_when_it_is_gone(place: Place) -> None:
    stranger = place.forge.admin.user("stranger")
    place.forge.admin.allow(OWNER, place.repo, "stranger", "read")
    stranger.fork(OWNER, place.repo)
    head = stranger.push("stranger", place.repo, "theirs", {"theirs.txt": "1"}, since="main")
    number = stranger.open(OWNER, place.repo, "stranger:theirs", "From outside")
    found = place.reader.pull_request(OWNER, place.repo, number)
    assert (found.fork, found.author, found.head, found.branch) == (True, "stranger", head, "theirs")
    stranger.call("DELETE", "/repos/{owner}/{repo}", owner="stranger", repo=place.repo)
    gone = place.reader.pull_request(OWNER, place.repo, number)
    assert (gone.fork, gone.head, gone.author) == (True, head, "stranger")
    listing = place.reader.open_pull_requests(OWNER, place.repo)
    assert listing is not None
    assert [one.fork for one in listing.pull_requests if one.number == number] in ([True], [])


def test_who_may_only_read_makes_no_branch_of_the_repository(place: Place, tmp_path: Path) -> None:
    """AGit: a push to refs/for/main opens a pull request whose head is in the repository, but on no branch."""
    visitor = place.forge.admin.user("visitor")
    place.forge.admin.allow(OWNER, place.repo, "visitor", "read")
    address = place.forge.url.replace("://", f"://visitor:{visitor.token}@") + f"/{OWNER}/{place.repo}.git"

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=v", "-c", "user.email=v@example.com", *arguments]
        environment = {**os.environ, "GIT_SSL_CAINFO": str(place.forge.ca_file)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    git("clone", "--quiet", address, ".")
    git("commit", "--quiet", "--allow-empty", "-m", "From a visitor")
    git("push", "--quiet", "origin", "HEAD:refs/for/main", "-o", "topic=sneaky", "-o", "title=Sneaky")
    listing = place.reader.open_pull_requests(OWNER, place.repo)
    assert listing is not None
    (found,) = [one for one in listing.pull_requests if one.title == "Sneaky"]
    assert (found.fork, found.author, found.head) == (True, "visitor", git("rev-parse", "HEAD"))
    assert place.reader.pull_request(OWNER, place.repo, found.number).fork


def test_a_pull_request_whose_author_vanished_is_still_there(place: Place) -> None:
    admin = place.forge.admin
    leaver = admin.user("leaver")
    admin.allow(OWNER, place.repo, "leaver", "write")
    number, _, head = opened(place, leaver)
    admin.delete_user("leaver")
    found = place.reader.pull_request(OWNER, place.repo, number)
    assert (found.open, found.head, found.author) == (True, head, "Ghost")
    assert place.reader.permission(OWNER, place.repo, "Ghost") == Permission.NONE


def test_a_merged_one_is_closed_and_says_so(place: Place) -> None:
    number, _, head = opened(place)
    path = "/repos/{owner}/{repo}/pulls/{number}/merge"

    def merge() -> bool:
        # Gitea first works out whether it can be.
        try:
            place.forge.admin.call("POST", path, {"Do": "merge"}, owner=OWNER, repo=place.repo, number=number)
        except Exception:
            return False
        return True

    assert eventually(merge)
    found = place.reader.pull_request(OWNER, place.repo, number)
    assert (found.open, found.merged, found.head) == (False, True, head)


def test_a_branch_that_was_deleted_leaves_the_head(place: Place) -> None:
    number, branch, head = opened(place)
    place.developer.set_open(OWNER, place.repo, number, False)
    place.developer.call("DELETE", "/repos/{owner}/{repo}/branches/{name}", owner=OWNER, repo=place.repo, name=branch)
    found = place.reader.pull_request(OWNER, place.repo, number)
    assert (found.open, found.head, found.fork) == (False, head, False)


def test_changed_files_are_all_there(place: Place) -> None:
    files = {f"many/ü 😀 {index:03}.txt": str(index) for index in range(2 * PER_PAGE + 1)}
    number, _, _ = opened(place, files=files)
    found = place.reader.changed_files(OWNER, place.repo, number)
    assert (sorted(found.paths), found.complete) == (sorted(files), True)


def test_more_files_than_are_listed_are_no_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitea, "MOST_FILE_PAGES", 1)
    number, _, _ = opened(place, files={f"many/{index:03}.txt": str(index) for index in range(PER_PAGE + 1)})
    found = place.reader.changed_files(OWNER, place.repo, number)
    assert (len(found.paths), found.complete) == (PER_PAGE, False)


def test_a_pull_request_bears_the_names_that_the_forge_writes(place: Place) -> None:
    number, _, _ = opened(place)
    found = place.reader.pull_request(OWNER.upper(), place.repo.upper(), number)
    listing = place.reader.open_pull_requests(OWNER.upper(), place.repo.upper())
    assert listing
    assert {(one.owner, one.repo) for one in (found, *listing.pull_requests)} == {(OWNER, place.repo)}


def test_what_a_rename_leaves_behind_is_changed_too(place: Place) -> None:
    place.forge.admin.push(OWNER, place.repo, "main", {"old.txt": "some text\n" * 20})
    number, branch, _ = opened(place)
    path = "/repos/{owner}/{repo}/contents"
    found = place.developer.call(
        "GET", "/repos/{owner}/{repo}/contents/{path}", owner=OWNER, repo=place.repo, path="old.txt"
    )
    change = {"operation": "update", "path": "new.txt", "from_path": "old.txt"} | {
        name: found[name] for name in ("sha", "content")
    }
    place.developer.call("POST", path, {"files": [change], "branch": branch}, owner=OWNER, repo=place.repo)
    wanted = {"new.txt", "old.txt", f"{branch}.txt"}
    assert eventually(lambda: set(place.reader.changed_files(OWNER, place.repo, number).paths) == wanted)


def test_what_is_not_there_is_missing(place: Place) -> None:
    for call in (
        lambda: place.reader.pull_request(OWNER, place.repo, 99_999),
        lambda: place.reader.open_pull_requests(OWNER, "nowhere"),
        lambda: place.reader.changed_files(OWNER, place.repo, 99_999),
    ):
        with pytest.raises(Missing):
            call()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("read", Permission.READ), ("write", Permission.WRITE), ("admin", Permission.ADMIN), ("", Permission.NONE)],
)
def test_a_permission_is_what_was_given(place: Place, given: str, wanted: Permission) -> None:
    login = f"has-{given or 'none'}"
    place.forge.admin.user(login)
    if given:
        place.forge.admin.allow(OWNER, place.repo, login, given)
    assert place.reader.permission(OWNER, place.repo, login) == wanted


def test_the_owner_may_everything_and_nobody_nothing(place: Place) -> None:
    assert place.reader.permission(OWNER, place.repo, place.forge.admin.login) == Permission.ADMIN
    assert place.reader.permission(OWNER, place.repo, "nobody-at-all") == Permission.NONE


@pytest.mark.parametrize(
    ("units", "wanted"),
    [
        ({"repo.code": "write", "repo.pulls": "write"}, Permission.WRITE),
        ({"repo.code": "read", "repo.issues": "write", "repo.pulls": "write"}, Permission.READ),
        ({"repo.issues": "write"}, Permission.NONE),
    ],
    ids=["code", "pulls", "issues"],
)
def test_a_team_may_write_where_it_writes_code(
    place: Place, request: pytest.FixtureRequest, units: dict[str, str], wanted: Permission
) -> None:
    admin, login = place.forge.admin, f"member-{request.node.callspec.id}"
    admin.user(login)
    document = {"name": f"team-{login}", "permission": "read", "units_map": units}
    team = admin.call("POST", "/orgs/{owner}/teams", document, owner=OWNER)
    admin.call("PUT", "/teams/{id}/repos/{owner}/{repo}", id=team["id"], owner=OWNER, repo=place.repo)
    assert place.reader.permission(OWNER, place.repo, login) == Permission.NONE
    admin.call("PUT", "/teams/{id}/members/{login}", id=team["id"], login=login)
    assert place.reader.permission(OWNER, place.repo, login) == wanted


@pytest.mark.parametrize("scope", ["read:organization", "read:user"])
@pytest.mark.parametrize("member", [True, False])
def test_who_may_not_read_teams_still_knows_a_stranger(place: Place, scope: str, member: bool) -> None:
    """The reader administers the repository and owns no organization, or its token says nothing of organizations."""
    admin, login = place.forge.admin, f"keeper-{scope.replace(':', '-')}-{member}"
    keeper = admin.user(login, scopes=("read:repository", scope))
    admin.user("outsider")
    admin.allow(OWNER, place.repo, login, "admin")
    if member:
        admin.team(OWNER, f"team-of-{login}", login, "read")
    reader = replace(place, token=keeper.token).reader
    assert reader.permission(OWNER, place.repo, "outsider") == Permission.NONE
    assert reader.permission(OWNER, place.repo, "developer") == Permission.WRITE


def test_a_person_s_own_repository_has_no_teams(place: Place) -> None:
    place.developer.repository("developer", "own")
    place.developer.allow("developer", "own", "reader", "admin")
    assert place.reader.permission("developer", "own", "developer") == Permission.ADMIN
    assert place.reader.permission("developer", "own", "nobody") == Permission.NONE


def test_comments_of_a_time_are_listed_with_where_they_hang(place: Place) -> None:
    number, _, _ = opened(place)
    first = place.developer.comment(OWNER, place.repo, number, "/retest")
    (found,) = place.reader.comments(OWNER, place.repo, "2026-01-01T00:00:00Z")
    assert (found.id, found.number, found.author, found.body) == (first, number, "developer", "/retest")
    assert not found.edited
    ours = [place.developer.comment(OWNER, place.repo, number, str(one)) for one in range(60)]
    listed = place.reader.comments(OWNER, place.repo, found.written)
    assert sorted(each.id for each in listed) == [first, *ours], "pages of fifty"
    assert place.reader.comments(OWNER, place.repo, "2126-01-01T00:00:00Z") == []


def test_the_reader_s_token_changes_nothing(place: Place) -> None:
    number, _, _ = opened(place)
    reader = Driver(place.forge.url, "reader", place.token, ca_file=place.forge.ca_file)
    for write in (
        lambda: reader.comment(OWNER, place.repo, number, "hello"),
        lambda: reader.push(OWNER, place.repo, "theirs", {"a": "b"}, since="main"),
        lambda: reader.set_open(OWNER, place.repo, number, False),
    ):
        with pytest.raises(Refused):
            write()
