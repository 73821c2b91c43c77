"""One judge of a run that was struck: what is left that nobody wants, what is lost, what is told that is not so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minio.error import MinioException
from urllib3.exceptions import HTTPError

from idag.cluster.stages import read_stages
from implementation_dag.contract import labels, names
from implementation_dag.contract.stages import TASKS
from scripts.lab.stand import evidence, previews
from scripts.lab.stand.forge import QA, REPORTER
from scripts.lab.stand.release import RELEASE
from scripts.lab.stand.repository import OWNER, REPO
from tests.e2e.faults.ground import Ground, Object, Run, over

# What a Preview of an open pull request may come to rest in, and what its commit's status says then.
RESTS = {"Ready": ("success",), "Failed": ("failure", "error")}
ENDED_DOCSRUN = ("Succeeded", "Failed")


def violations(ground: Ground, run: Run) -> list[str]:
    """Return in words everything that does not hold, nothing once all does. It is asked until then."""
    try:
        return list(_violations(ground, run))
    except (OSError, MinioException, HTTPError) as error:
        return [f"cannot be judged: {type(error).__name__}: {error}"]


def _violations(ground: Ground, run: Run) -> Iterator[str]:
    preview = ground.named("previews", run.pull.name) or {}
    status = preview.get("status") or {}
    workflows = ground.workflows(run)
    _note_tested(run, workflows)
    phase = status.get("phase", "missing")
    wanted = ("Ended",) if run.closed else tuple(RESTS)
    if phase not in wanted:
        yield f"Preview is {phase} ({status.get('message', '')}), must be {' or '.join(wanted)}"
    if not run.closed and preview and preview["spec"].get("head") != run.head:
        yield f"Preview knows head {preview['spec'].get('head')}, must be {run.head}"
    for workflow in workflows:
        yield from _of_workflow(ground, run, workflow)
    yield from _of_namespace(ground, run, phase, workflows)
    yield from _left_over(ground, run, {item["metadata"]["uid"]: over(item) for item in workflows})
    yield from _told(ground, run, phase)


def _note_tested(run: Run, workflows: list[Object]) -> None:
    for workflow in workflows:
        if (workflow.get("status") or {}).get("phase") == "Succeeded":
            for stage in read_stages(workflow):
                run.tested |= {stage.outputs[name] for name in ("COMMIT", "commit") if stage.outputs.get(name)}


def _of_workflow(ground: Ground, run: Run, workflow: Object) -> Iterator[str]:
    name, status = workflow["metadata"]["name"], workflow.get("status") or {}
    if not over(workflow):
        yield f"Workflow {name} is {status.get('phase', 'not begun')}, must have ended"
        return
    if held := ((status.get("synchronization") or {}).get("mutex") or {}).get("holding"):
        yield f"Workflow {name} has ended and holds {held}"
    yield from _evidence(ground, run, workflow)


def _evidence(ground: Ground, run: Run, workflow: Object) -> Iterator[str]:
    """Where the exit handler wrote the index, it is complete for each stage that is finished."""
    stages = {stage.name: stage for stage in read_stages(workflow)}
    if "evidence" not in stages or stages["evidence"].result != "Succeeded":
        return
    name = workflow["metadata"]["name"]
    found = evidence.download(ground.session.store, evidence.prefix(OWNER, REPO, str(run.number), name))
    yield from (f"evidence of {name}: {words}" for words in evidence.index_problems(found))
    done = tuple(folder for folder, task in TASKS.items() if task in stages and stages[task].result == "Succeeded")
    yield from (f"evidence of {name}: {file} is missing" for file in evidence.missing(found, done))
    index = found.document(evidence.INDEX) or {}
    if index.get("result") != (workflow["status"]["phase"]):
        yield f"evidence of {name}: the index says {index.get('result')}, it ended as {workflow['status']['phase']}"


def _of_namespace(ground: Ground, run: Run, phase: str, workflows: list[Object]) -> Iterator[str]:
    found = ground.preview_namespace(run)
    account = ground.named("serviceaccounts", names.deployer(RELEASE, run.namespace))
    if phase != "Ready" or run.closed:
        if found:
            yield f"namespace {run.namespace} is there ({_how(found)}), the Preview is {phase}"
        if account:
            yield f"account {account['metadata']['name']} is there, the Preview is {phase}"
        return
    if not found or found["metadata"].get("deletionTimestamp"):
        yield f"namespace {run.namespace} is {_how(found)}, the Preview is Ready"
        return
    given, said = found["metadata"].get("labels") or {}, found["metadata"].get("annotations") or {}
    good = {item["metadata"]["name"] for item in workflows if item["status"].get("phase") == "Succeeded"}
    holder = given.get(labels.WORKFLOW)
    if holder not in good and said.get(labels.KEPT) != holder:
        yield f"namespace {run.namespace} is of run {holder}, which did not succeed"
    if (said.get(labels.PR_OF_PREVIEW), said.get(labels.REPO_OF_PREVIEW)) != (str(run.number), REPO):
        yield f"namespace {run.namespace} says it is of {said.get(labels.PR_OF_PREVIEW)}"
    release = names.release(REPO, str(run.number))
    for item in ground.listed("deployments", namespace=run.namespace):
        owner = (item["metadata"].get("annotations") or {}).get("meta.helm.sh/release-name")
        if owner != release:
            yield f"Deployment {item['metadata']['name']} in {run.namespace} is of release {owner}"
    url = (ground.named("previews", run.pull.name) or {}).get("status", {}).get("url", "")
    address = url or f"https://{release}.{ground.session.environment.domain}/"
    answer = previews.observe(ground.session.environment, address)
    if answer.status != 200:
        yield f"{address} answers {answer.status}: {answer.text[:120]}"


def _how(namespace: Object | None) -> str:
    if not namespace:
        return "gone"
    status: dict[str, Any] = namespace.get("status") or {}
    waits = [each.get("message", "") for each in status.get("conditions") or () if each.get("status") == "True"]
    return "; ".join([str(status.get("phase")), *waits])


def _left_over(ground: Ground, run: Run, workflows: dict[str, bool]) -> Iterator[str]:
    """What a run makes beside its preview, and what lives on after the run has ended or is gone."""
    mine = f"{labels.PR}={run.number}"
    docsruns = ground.listed("docsruns", mine)
    jobs, agents = ground.listed("jobs", mine), ground.listed("agentruns", mine)
    for item in docsruns:
        phase = (item.get("status") or {}).get("phase")
        if not _wanted(item, workflows):
            yield f"DocsRun {item['metadata']['name']} is there, the run that owns it is not"
        elif phase not in ENDED_DOCSRUN and _is_over(item, workflows):
            yield f"DocsRun {item['metadata']['name']} is {phase}, its run has ended"
    there = {item["metadata"]["uid"] for item in docsruns}
    for job in jobs:
        owners = [owner["uid"] for owner in job["metadata"].get("ownerReferences") or ()]
        if owners and not there.intersection(owners):
            yield f"Job {job['metadata']['name']} is there, the DocsRun that owns it is not"
    for item in agents:
        if not _wanted(item, workflows) or _is_over(item, workflows):
            yield f"AgentRun {item['metadata']['name']} is there, its run has ended"
    for pod in ground.listed("pods", mine):
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if not ended and all(workflows.values()):
            yield f"pod {pod['metadata']['name']} runs, its run has ended"
    for volume in (ground.get("/api/v1/persistentvolumes") or {}).get("items") or ():
        if (volume["spec"].get("claimRef") or {}).get("namespace") == run.namespace:
            yield f"PersistentVolume {volume['metadata']['name']} is of {run.namespace}"


def _wanted(item: Object, workflows: dict[str, bool]) -> bool:
    owners = [owner["uid"] for owner in item["metadata"].get("ownerReferences") or () if owner["kind"] == "Workflow"]
    return not owners or bool(workflows.keys() & set(owners))


def _is_over(item: Object, workflows: dict[str, bool]) -> bool:
    owners = [owner["uid"] for owner in item["metadata"].get("ownerReferences") or ()]
    return any(workflows.get(uid) for uid in owners)


def _told(ground: Ground, run: Run, phase: str) -> Iterator[str]:
    """What people see at the forge."""
    shown = ground.session.host.shown(OWNER, REPO, run.number)
    for review in shown.reviews:
        if review["user"]["login"] == QA and review["state"] == "APPROVED" and review["commit_id"] not in run.tested:
            yield f"QA approved {review['commit_id']}, which no run found good"
    comments = [comment for comment in shown.comments if comment["user"]["login"] == REPORTER]
    if len(comments) > 1:
        yield f"{len(comments)} comments of the reporter, must be one"
    if run.closed or phase not in RESTS:
        return
    if not comments:
        yield "the reporter has not commented"
    state, words = ground.place.told(run.head)
    if state not in RESTS[phase] or not words:
        yield f"the status of {run.head[:12]} is {state!r} ({words}), the Preview is {phase}"
    approved = {review["commit_id"] for review in shown.reviews if review["state"] == "APPROVED"}
    if phase == "Ready" and run.head not in approved:
        yield f"QA has not approved {run.head[:12]}, which was found good"
