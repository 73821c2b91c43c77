"""Two runs of one pull request: the newer one succeeds and keeps its preview, the older one says whose it is."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from scripts.lab.stand import previews, repository, workflow
from scripts.lab.stand.backends import BUCKET
from scripts.lab.stand.evidence import download, prefix
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session

# As far apart as two impatient people start them, and so far that helm of the first runs when the second takes over.
APART = [5.0, 35.0]
Run = dict[str, Any]


def both(session: Session, pull: PullRequest, seconds: float) -> list[Run]:
    given = {"owner": OWNER, "repo": REPO, "pr": str(pull.number)}
    names = [workflow.submit(session.environment, given)]
    time.sleep(seconds)
    names.append(workflow.submit(session.environment, given))
    found = workflow.follow(session.environment, names, lambda _: None)
    return [found[name] for name in names]


def said(run: Run) -> str:
    return "; ".join(f"{n['displayName']} {n['phase']}: {n.get('message')}" for n in run["status"]["nodes"].values())


@pytest.mark.long
@pytest.mark.parametrize("seconds", APART)
def test_the_newer_run_keeps_the_preview(session: Session, seconds: float) -> None:
    pull = PullRequest(f"second-run-{seconds:.0f}", version="5.0.0")
    pull = repository.open_pull_request(session.host, pull, session.work)
    older, newer = both(session, pull, seconds)
    assert newer["status"]["phase"] == "Succeeded", said(newer)
    found = previews.namespace(session.environment, pull.number)
    assert found, "the preview is gone"
    assert found["metadata"]["labels"]["workflow"] == newer["metadata"]["name"]
    (url,) = json.loads(workflow.finished(session.environment, newer).outputs["preview_urls"])
    assert previews.observe(session.environment, url).status == 200
    if older["status"]["phase"] != "Succeeded":
        assert f"to the run {newer['metadata']['name']}" in said(older) or "PreviewTaken" in said(older), said(older)
    for run in (older, newer):
        where = prefix(OWNER, REPO, str(pull.number), run["metadata"]["name"])
        index = download(session.store, where).document("index.json")
        assert index, f"s3://{BUCKET}/{where}/index.json is not there"
        assert index["result"] == run["status"]["phase"]
        holders = {look["holder"] for look in index["images"]["seen"]}
        assert holders <= {run["metadata"]["name"], newer["metadata"]["name"]}
