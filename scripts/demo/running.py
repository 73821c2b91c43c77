"""Carry a scenario out on a prepared cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scripts.demo.checks import Observed
from scripts.demo.scenarios import Case, Scenario
from scripts.demo.summary import Outcome
from scripts.lab.stand import evidence, previews, release, repository, workflow
from scripts.lab.stand.display import watching
from scripts.lab.stand.repository import OWNER, REPO
from scripts.lab.stand.session import Session
from scripts.lab.stand.workflow import Finished


def run(session: Session, scenario: Scenario) -> Outcome:
    """Open the pull requests, submit the workflows, follow them to their end and look at what they left.

    Raises DemoError when the scenario could not be carried out at all.
    """
    where, progress = session.environment, session.progress
    progress(f"scenario {scenario.name}: {scenario.about}")
    _clear(session, scenario.cases)
    for case in scenario.cases:
        if case.pull:
            commit = repository.open_pull_request(session.host, case.pull, session.work)
            progress(f"pull request {OWNER}/{REPO}#{case.pull.number} at {commit[:12]} ({case.pull.branch})")
    names = [workflow.submit(where, case.arguments) for case in scenario.cases]
    progress(f"submitted {', '.join(names)}")
    with watching(session.console, progress) as show:
        found = workflow.follow(where, names, show)
    runs = [
        _look(session, case, workflow.finished(where, found[name]))
        for case, name in zip(scenario.cases, names, strict=True)
    ]
    checks = [case.rules(seen) for case, seen in zip(scenario.cases, runs, strict=True)]
    return Outcome(scenario, runs, checks)


def _clear(session: Session, cases: Sequence[Case]) -> None:
    """Remove previews of an earlier run of the same pull requests."""
    for case in cases:
        if case.pull:
            previews.remove(session.environment, case.pull.number)


def _look(session: Session, case: Case, run: Finished) -> Observed:
    where = session.environment
    kept = evidence.download(session.store, evidence.prefix(OWNER, REPO, case.arguments["pr"], run.name))
    number = case.pull.number if case.pull else 0
    there = previews.namespace(where, number) if case.pull else None
    images = previews.running_images(where, number) if there else []
    text = run.outputs.get("preview_urls", "") if there else ""
    urls = json.loads(text) if text.startswith("[") else []
    return Observed(
        pull=case.pull,
        run=run,
        evidence=kept,
        urls=[previews.observe(where, str(url)) for url in urls],
        namespace=there,
        images=images,
        revisions=[previews.image_revision(where, image) for image in images],
        headers=release.response_headers(where),
    )
