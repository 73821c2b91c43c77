"""What polling asks of a forge."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from scripts.lab.forge.process import Forge

from .place import OWNER
from .process import Process, told, until
from .wire import between

REPOSITORIES = 100
# An hour of the values' defaults passes in three minutes.
FASTER = 20
SECONDS = 27.0


def test_polling_keeps_half_of_the_budget_for_all_else(
    forge: Forge,
    processes: Callable[..., Process],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """One list for each repository, and none more often than the budget has it: 2,000 in an hour."""
    ours = [f"many-{number}" for number in range(REPOSITORIES)]
    for repo in ours:
        forge.admin.repository(OWNER, repo, private=False)
    (tmp_path / "token").write_text(forge.admin.user("reporter", scopes=("read:repository",)).token)
    with between(forge.url) as wire:
        settings = told(
            wire.url, [f"{OWNER}/{repo}" for repo in ours], pollSeconds=60 / FASTER, callsPerHour=4000 * FASTER
        )
        processes("pull-requests", {"FORGE": settings, "FORGE_REPORTER": str(tmp_path)})
        until(lambda: wire.seen)
        time.sleep(SECONDS)
        calls = [exchange for exchange in wire.seen if exchange.at < wire.seen[0].at + SECONDS]
    assert {exchange.call for exchange in calls} == {("GET", "/repos/{owner}/{repo}/pulls")}
    assert {exchange.path.split("/")[5] for exchange in calls} == set(ours)
    in_an_hour = len(calls) * 3600 / FASTER / SECONDS
    record_property("poll_calls_in_an_hour", round(in_an_hour))
    assert in_an_hour <= 2000
