"""One look at a DocsRun: make sure of its Job, judge it, write down the result. Safe to repeat at any moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event, Pod

from implementation_dag.base import kube, moments, owned
from implementation_dag.base.log import clean
from implementation_dag.base.owned import Cannot, Problem
from implementation_dag.contract import labels

from . import allowed, results
from . import job as jobs
from .settings import Settings
from .verdict import FINAL, Verdict, judge

Object = dict[str, Any]
REASONS = {Problem.LOST: "JobLost", Problem.REFUSED: "InvalidSpec", Problem.TAKEN: "NameConflict"}
LOG_LIMIT_BYTES = 2 * 1024 * 1024


def reconcile(client: Client, docsrun: Object, settings: Settings) -> Object | None:
    """Return the next status of the DocsRun, or None when it stays as it is. Raises ApiError when the API does."""
    metadata, status = docsrun["metadata"], docsrun.get("status") or {}
    if ended(docsrun) or metadata.get("deletionTimestamp"):
        return None
    try:
        made = bool(status.get("jobName"))
        job = owned.ensure(client, Job, docsrun, lambda: _built(docsrun, settings), made=made)
    except Cannot as error:
        return finish(docsrun, Verdict("Failed", REASONS[error.problem], str(error)), results.Results(), None)
    pods, events = _pods(client, docsrun), _events(client, docsrun)
    verdict = judge(job, pods, events, settings)
    if not verdict.final:
        next_status = {
            "phase": verdict.phase,
            "reason": verdict.reason,
            "message": verdict.message,
            "jobName": metadata["name"],
            "startTime": status.get("startTime") or moments.stamp(moments.now()),
            "observedGeneration": metadata.get("generation", 1),
        }
        return next_status if next_status != status else None
    found = read_results(client, docsrun, pods)
    if verdict.reason == "CommandFailed" and found.failure:
        verdict = Verdict("Failed", *found.failure)
    if verdict.reason == "FetchFailed" and pods:
        verdict = Verdict("Failed", "FetchFailed", f"{verdict.message}: {_last_line(client, pods[-1], 'fetch')}")
    if pods and pods[-1].get("status", {}).get("phase") in ("Pending", "Running"):
        # It can never run: nothing of it may start later, behind our back.
        client.patch(Job, metadata["name"], {"spec": {"suspend": True}}, namespace=metadata["namespace"])
    reference = save_files(client, docsrun, found)
    return finish(docsrun, verdict, found, reference)


def finish(docsrun: Object, verdict: Verdict, found: results.Results, reference: str | None) -> Object:
    """Return the final status: phase, reason, message, outputs and where the files are."""
    status = docsrun.get("status") or {}
    return {
        "phase": verdict.phase,
        "reason": verdict.reason,
        "message": verdict.message,
        "jobName": docsrun["metadata"]["name"],
        "startTime": status.get("startTime") or moments.stamp(moments.now()),
        "completionTime": moments.stamp(moments.now()),
        "observedGeneration": docsrun["metadata"].get("generation", 1),
        "outputs": found.outputs,
    } | ({"resultsRef": {"name": reference}} if reference else {})


def _built(docsrun: Object, settings: Settings) -> Object:
    """Return the Job as it is to be made. Raises Cannot."""
    if words := allowed.refusal(docsrun["spec"], settings):
        raise Cannot(Problem.REFUSED, clean(words))
    return jobs.build(docsrun, settings)


def _pods(client: Client, docsrun: Object) -> list[Object]:
    metadata = docsrun["metadata"]
    found = client.list(Pod, namespace=metadata["namespace"], labels={"batch.kubernetes.io/job-name": metadata["name"]})
    return sorted((kube.as_dict(item) for item in found), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def _events(client: Client, docsrun: Object) -> list[Object]:
    metadata = docsrun["metadata"]
    fields = {"involvedObject.kind": "Job", "involvedObject.name": metadata["name"]}
    return [kube.as_dict(item) for item in client.list(Event, namespace=metadata["namespace"], fields=fields)]


def read_results(client: Client, docsrun: Object, pods: list[Object]) -> results.Results:
    """Return what the command left behind, nothing when its pod never came so far."""
    if not pods:
        return results.Results()
    name, namespace = pods[-1]["metadata"]["name"], docsrun["metadata"]["namespace"]
    try:
        lines = client.log(name, namespace=namespace, container="results")
        return results.parse("".join(lines)[-LOG_LIMIT_BYTES:])
    except ApiError:
        return results.Results()


def _last_line(client: Client, pod: Object, container: str) -> str:
    metadata = pod["metadata"]
    try:
        lines = list(client.log(metadata["name"], namespace=metadata["namespace"], container=container, tail_lines=20))
    except ApiError as error:
        # The node may be gone with it: a reason in words is not worth a DocsRun that never ends.
        return clean(f"no log: {error.status.message}")
    return clean(([line.strip() for line in lines if line.strip()] or ["no output"])[-1])[: results.MESSAGE_LIMIT]


def save_files(client: Client, docsrun: Object, found: results.Results) -> str | None:
    """Keep the files in a ConfigMap that the DocsRun owns; return its name, None when there are none."""
    if not found.files:
        return None
    metadata = docsrun["metadata"]
    name = f"{metadata['name']}-results"
    item = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {labels.MANAGED_BY: labels.MANAGER},
            "ownerReferences": [jobs.owner(docsrun)],
        },
        "binaryData": found.files,
    }
    client.apply(from_dict(item), force=True)
    return name


def expired(docsrun: Object, settings: Settings, now: datetime | None = None) -> bool:
    """Say whether a finished DocsRun has outlived its time to live."""
    ended = (docsrun.get("status") or {}).get("completionTime")
    if not ended:
        return False
    ttl = docsrun["spec"].get("ttlSecondsAfterFinished", settings.ttl)
    age = (now or moments.now()) - moments.read(ended)
    return bool(age.total_seconds() > ttl)


def ended(docsrun: Object) -> bool:
    """Say whether the DocsRun's phase is final."""
    return (docsrun.get("status") or {}).get("phase") in FINAL
