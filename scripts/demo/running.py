"""Carry a scenario out on a prepared cluster."""

from __future__ import annotations

import json
from dataclasses import replace

from scripts.demo.checks import Observed
from scripts.demo.scenarios import Case, Scenario
from scripts.demo.summary import Outcome
from scripts.lab.stand import evidence, previews, pull_requests, release, repository, workflow
from scripts.lab.stand.display import watching
from scripts.lab.stand.repository import OWNER, REPO
from scripts.lab.stand.session import Session
from scripts.lab.stand.workflow import Finished


def run(session: Session, scenario: Scenario) -> Outcome:
    """Open the pull requests, submit the workflows, follow them to their end and look at what they left.

    Raises LabError when the scenario could not be carried out at all.
    """
    where, progress = session.environment, session.progress
    progress(f"scenario {scenario.name}: {scenario.about}")
    cases = [_opened(session, case) for case in scenario.cases]
    names = [_started(session, case) for case in cases]
    progress(f"runs {', '.join(names)}")
    with watching(session.console, progress) as show:
        found = workflow.follow(where, names, show)
    runs = [
        _look(session, case, workflow.finished(where, found[name])) for case, name in zip(cases, names, strict=True)
    ]
    checks = [case.rules(seen) for case, seen in zip(cases, runs, strict=True)]
    return Outcome(scenario, runs, checks)


def _opened(session: Session, case: Case) -> Case:
    """Open the case's pull request, if it has one, and give the arguments its number."""
    if not case.pull:
        return case
    pull = repository.open_pull_request(session.host, case.pull, session.work)
    session.progress(f"pull request {OWNER}/{REPO}#{pull.number} at {pull.head[:12]} ({pull.branch})")
    if case.started_by_forge:
        session.host.label(OWNER, REPO, pull.number, release.LABEL)
    else:
        # Of an earlier run of the same pull request.
        previews.remove(session.environment, pull.number)
    return replace(case, pull=pull, arguments=case.arguments | {"pr": str(pull.number)})


def _started(session: Session, case: Case) -> str:
    if case.pull and case.started_by_forge:
        return pull_requests.started(session.environment, case.pull)
    return workflow.submit(session.environment, case.arguments)


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
        shown=pull_requests.told(session.host, case.pull) if case.pull and case.started_by_forge else None,
    )
