"""What the forge is told of a run, made from its Workflow each time anew."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

from implementation_dag.base import workflow_status
from implementation_dag.base.workflow_status import RunStatus
from implementation_dag.contract import rows, stages
from implementation_dag.forge.model import Annotation, Report, Stage, State, Verdict

from . import costs, runs
from .evidence import Link
from .model import Kind, Phase, Preview, Run, RunPhase, Status

Object = dict[str, Any]
CHECKSUM_LENGTH = 16
# Behind the checksum of what was told of a run that had ended: nothing more comes of it.
FINAL = "."
# Further back than the first a place is told as one of these: a few times, not at each start of another.
EXACT = 3
STEPS = (5, 10, 20, 50, 100, 200, 500, 1000)
_STATES = {
    "Pending": State.WAITING,
    "Running": State.RUNNING,
    "Succeeded": State.PASSED,
    "Failed": State.FAILED,
    "Error": State.FAILED,
    "Skipped": State.OMITTED,
    "Omitted": State.OMITTED,
}


def of_run(preview: Preview, run: Run, workflow: Object | None, link: Link | None = None) -> Report:
    """Return the report of a run of the pipeline; without its Workflow it says only how it ended.

    By `link` people read the evidence; None: nothing leads there.
    """
    spec, status = preview.spec, preview.status
    verdict = runs.verdict(run)
    newest = status.run is not None and status.run.number == run.number
    found = workflow_status.of(workflow, "") if workflow else None
    folder = f"{spec.owner}/{spec.repo}/pr-{spec.number}"

    def evidence(path: str, since: str) -> str:
        return link(f"{folder}/{run.name}/{path}", since) if link else ""

    failed = next(iter((found.failures if found else {}).items()), None)
    reasons = {
        Verdict.FAILED: f"{failed[0]}: {failed[1]}" if failed and failed[1] else "the run failed",
        Verdict.SUPERSEDED: "a newer commit took its place",
        Verdict.STOPPED: "its Workflow was deleted" if run.phase == RunPhase.LOST else f"it is {run.cause}",
    }
    return Report(
        spec.owner,
        spec.repo,
        spec.number,
        commit=(run.commit, *run.made)[-1],
        verdict=verdict,
        run=run.name,
        reason=reasons.get(verdict, ""),
        stages=_stages(workflow, found, run.over, evidence) if workflow and found else (),
        preview=status.url if newest and verdict == Verdict.PASSED else "",
        expires=status.expires if newest else "",
        # They are the last that is written.
        runs=link(f"{folder}/runs.html", run.ended) if link and run.over else "",
        page=evidence("report.html", run.ended) if run.over else "",
        evidence=evidence("index.json", run.ended) if run.over else "",
        figures=_figures(found) if found else (),
        cost=str(costs.of_run(workflow) or "") if workflow and run.over else "",
    )


def of_head(preview: Preview) -> Report | None:
    """Return what is said of a head that does not run; None where it runs or has run, or there is nothing to say."""
    spec, status = preview.spec, preview.status
    test = runs.newest_test(status.run, status.history)
    verdicts = {Phase.REFUSED.value: Verdict.REFUSED, Phase.QUEUED.value: Verdict.WAITING}
    if status.message and not (test and spec.head in (test.commit, *test.made)):
        # What was approved before is not approved while this one waits, whatever it waits for.
        verdicts[Phase.WAITING.value] = Verdict.WAITING
    verdict = verdicts.get(status.phase)
    if verdict is None or not spec.head:
        return None
    return Report(spec.owner, spec.repo, spec.number, spec.head, verdict, reason=_waits(status) or status.message)


def _waits(status: Status) -> str:
    """Say how far back it waits, and why."""
    if not status.place:
        return ""
    step = next((each for each in STEPS if status.place <= each), 0)
    among = f"among the next {step}" if step else f"behind {STEPS[-1]} others"
    where = f"place {status.place}" if status.place <= EXACT else among
    return f"it waits in the queue, {where}: {status.message.partition(': ')[2]}"


def _stages(workflow: Object, found: RunStatus, over: bool, evidence: Link) -> tuple[Stage, ...]:
    tasks = workflow_status.tasks(workflow)
    told = [(stage, _stage(stage.task, tasks.get(stage.task), over)) for stage in stages.STAGES]
    return tuple(replace(stage, **_left(of, stage, found, evidence)) for of, stage in told)


def _left(of: stages.Stage, stage: Stage, found: RunStatus, evidence: Link) -> dict[str, Any]:
    """What a stage that has ended left: the first file that its evidence is promised to have, and its findings."""
    if stage.state not in (State.PASSED, State.FAILED):
        return {}
    findings = rows.read(found.output(of.task, "findings"), str, int, str)
    return {
        "evidence": evidence(f"{of.evidence}/{of.promised[0]}", stage.ended) if of.promised else "",
        "annotations": tuple(Annotation(str(path), int(line), str(words)) for path, line, words in findings),
    }


def _figures(found: RunStatus) -> tuple[tuple[str, str], ...]:
    told = rows.read(found.output(stages.ACCEPTANCE.task, "figures"), str, str)
    return tuple((str(name), str(figure)) for name, figure in told)


def _stage(name: str, node: Object | None, over: bool) -> Stage:
    if node is None:
        return Stage(name, State.OMITTED if over else State.WAITING)
    state = _STATES.get(str(node.get("phase")), State.WAITING)
    if over and state in (State.WAITING, State.RUNNING):
        state = State.OMITTED
    sentence = workflow_status.bounded(node.get("message") or "") if state == State.FAILED else ""
    return Stage(name, state, sentence, str(node.get("startedAt") or ""), str(node.get("finishedAt") or ""))


def checksum(report: Report) -> str:
    """Return a checksum of all that the report says."""
    text = json.dumps(asdict(report), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:CHECKSUM_LENGTH]


def due(preview: Preview, workflows: dict[str, Object], link: Link | None = None) -> list[tuple[Run | None, Report]]:
    """Return what has to be told, the oldest first; None for a run stands for a head that does not run.

    People see one comment: once an older run was told of, all newer ones are told of again.
    """
    status = preview.status
    tests = [run for run in (status.run, *status.history) if run and run.kind == Kind.TEST]
    # What is only claimed has nothing to show yet; of what has no Workflow any more its end is told, unless it was.
    known = [run for run in reversed(tests) if run.name in workflows or (run.over and not run.told.endswith(FINAL))]
    reports: list[tuple[Run | None, Report]] = [
        (run, of_run(preview, run, workflows.get(run.name), link)) for run in known if run.phase != RunPhase.STARTING
    ]
    untold = [number for number, (run, report) in enumerate(reports) if run and run.told != mark(run, report)]
    found = reports[untold[0] :] if untold else []
    head = of_head(preview)
    if head and (found or status.told != checksum(head)):
        found.append((None, head))
    return found


def told(preview: Preview, run: Run | None, report: Report) -> Preview:
    """Return the Preview once the report was told."""
    status = preview.status
    if run is None:
        return replace(preview, status=replace(status, told=checksum(report)))
    noted = mark(run, report)
    marked = [replace(each, told=noted) if each and each.number == run.number else each for each in status.history]
    newest = status.run
    if newest and newest.number == run.number:
        newest = replace(newest, told=noted)
    return replace(preview, status=replace(status, run=newest, history=tuple(marked)))


def mark(run: Run, report: Report) -> str:
    """Return what is noted of a run once this was told of it."""
    return checksum(report) + (FINAL if run.over else "")
