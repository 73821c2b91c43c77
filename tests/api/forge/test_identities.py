"""The product's users at the forge: each can do what it is for, and none can merge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from implementation_dag.forge.errors import ForgeError
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.model import Permission
from scripts.lab.forge.driver import ADMIN, Driver
from scripts.lab.forge.process import running
from scripts.lab.stand.certificates import self_signed
from scripts.lab.stand.forge import IDENTITIES, PIPELINE, QA, READER, REPORTER, tokens
from scripts.lab.stand.repository import OWNER

STATUS = {"state": "pending", "context": "qa", "description": "at work"}


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Driver]]:
    """The API as each user, with a pull request 1 of acme/shop."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, _ = self_signed("localhost", folder)
    with running((folder / "git.crt", folder / "git.key")) as forge:
        place = ("127.0.0.1", int(forge.url.rpartition(":")[2]))
        first = tokens("localhost", place, certificate, forge.password)
        # A second time everything is there.
        found = tokens("localhost", place, certificate, forge.password)
        assert set(first) == set(found) == {ADMIN, *IDENTITIES}
        drivers = {login: Driver(forge.url, login, token, ca_file=forge.ca_file) for login, token in found.items()}
        drivers[ADMIN].repository(OWNER, "shop")
        drivers[ADMIN].push(OWNER, "shop", "feature", {"a.txt": "1"}, since="main")
        drivers[ADMIN].protect(OWNER, "shop", "main")
        assert drivers[ADMIN].open(OWNER, "shop", "feature") == 1
        yield drivers


def head(driver: Driver) -> str:
    return Gitea(driver.caller).pull_request(OWNER, "shop", 1).head


def status(driver: Driver) -> None:
    path = "/repos/{owner}/{repo}/statuses/{commit}"
    driver.call("POST", path, STATUS, owner=OWNER, repo="shop", commit=head(driver))


def merge(driver: Driver) -> None:
    path = "/repos/{owner}/{repo}/pulls/1/merge"
    driver.call("POST", path, {"Do": "merge"}, owner=OWNER, repo="shop")


ACTIONS: dict[str, tuple[Callable[[Driver], object], set[str]]] = {
    "read": (head, {PIPELINE, READER, REPORTER, QA}),
    "push": (
        lambda driver: driver.push(OWNER, "shop", "feature", {f"{driver.login}.txt": "1"}),
        {PIPELINE, REPORTER},
    ),
    "status": (status, {PIPELINE, REPORTER}),
    "comment": (lambda driver: driver.comment(OWNER, "shop", 1, "hello"), {REPORTER}),
    "approve": (lambda driver: driver.review(OWNER, "shop", 1, "APPROVED", head(driver)), {PIPELINE, REPORTER, QA}),
    "merge": (merge, set()),
    "push to main": (lambda driver: driver.push(OWNER, "shop", "main", {f"{driver.login}.txt": "1"}), set()),
    "hooks": (lambda driver: driver.call("GET", "/repos/{owner}/{repo}/hooks", owner=OWNER, repo="shop"), {READER}),
    "settings": (
        lambda driver: driver.call("PATCH", "/repos/{owner}/{repo}", {"private": False}, owner=OWNER, repo="shop"),
        set(),
    ),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_user_can_do_what_it_is_for(users: dict[str, Driver], action: str) -> None:
    do, wanted = ACTIONS[action]
    can = set()
    for login in IDENTITIES:
        try:
            do(users[login])
        except ForgeError:
            continue
        can.add(login)
    assert can == wanted


def test_the_reader_is_told_what_each_may(users: dict[str, Driver]) -> None:
    reader = Gitea(users[READER].caller)
    assert {login: reader.permission(OWNER, "shop", login) for login in IDENTITIES} == {
        PIPELINE: Permission.WRITE,
        READER: Permission.ADMIN,
        REPORTER: Permission.WRITE,
        QA: Permission.READ,
    }
