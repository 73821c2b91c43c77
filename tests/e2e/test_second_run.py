"""Several runs of one pull request: one goes on at a time, and the last one keeps the preview."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from scripts.lab.stand import previews, repository, workflow
from scripts.lab.stand.backends import BUCKET
from scripts.lab.stand.evidence import download, prefix
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session

Run = dict[str, Any]


def at_once(session: Session, pull: str, number: int, **arguments: str) -> list[Run]:
    """Submit so many runs of one pull request at once, and see that never two go on; return them as they began."""
    given = {"owner": OWNER, "repo": REPO, "pr": pull} | arguments
    names = [workflow.submit(session.environment, given) for _ in range(number)]

    def one_goes_on(found: dict[str, Run]) -> None:
        running = [name for name, run in found.items() if workflow.phase(run) == "Running"]
        assert len(running) <= 1, f"{', '.join(running)} run at once"

    found = workflow.follow(session.environment, names, one_goes_on)
    return sorted((found[name] for name in names), key=lambda run: str(run["status"]["startedAt"]))


def said(run: Run) -> str:
    return "; ".join(f"{n['displayName']} {n['phase']}: {n.get('message')}" for n in run["status"]["nodes"].values())


def test_runs_of_one_pull_request_go_on_one_after_the_other(session: Session) -> None:
    """Whose first step refuses an argument: that takes seconds."""
    found = at_once(session, "999000001", 3, commit="none")
    assert [run["status"]["phase"] for run in found] == ["Failed"] * 3
    for earlier, later in pairwise(found):
        assert earlier["status"]["finishedAt"] <= later["status"]["startedAt"]
    assert "parameter 'commit' is 'none'" in said(found[-1])


@pytest.mark.long
def test_the_last_run_keeps_the_preview(session: Session) -> None:
    pull = repository.open_pull_request(session.host, PullRequest("second-run", version="5.0.0"), session.work)
    runs = at_once(session, str(pull.number), 2)
    for run in runs:
        assert run["status"]["phase"] == "Succeeded", said(run)
        where = prefix(OWNER, REPO, str(pull.number), run["metadata"]["name"])
        index = download(session.store, where).document("index.json")
        assert index, f"s3://{BUCKET}/{where}/index.json is not there"
        assert {look["holder"] for look in index["images"]["seen"]} == {run["metadata"]["name"]}
    found = previews.namespace(session.environment, pull.number)
    assert found, "the preview is gone"
    assert found["metadata"]["labels"]["workflow"] == runs[-1]["metadata"]["name"]
    (url,) = json.loads(workflow.finished(session.environment, runs[-1]).outputs["preview_urls"])
    assert previews.observe(session.environment, url).status == 200
