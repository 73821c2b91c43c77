"""Preview and Workflow objects, as the API server holds them, and the model of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from lightkube.generic_resource import create_namespaced_resource

from implementation_dag.base import moments, workflow_status
from implementation_dag.contract import labels, names, stages

from .model import Cause, Command, Kind, Preview, Run, RunPhase, Spec, Status, Workflow

Object = dict[str, Any]
PLURAL = "previews"
VERSION = "v1alpha1"
Resource = create_namespaced_resource(labels.GROUP, VERSION, "Preview", PLURAL)
# The templates of the WorkflowTemplate that take a preview away, and find nothing left to keep after that.
END, ENDED = "remove-preview", "keep-preview"
OVER = ("Succeeded", "Failed", "Error")
URL_LIMIT = 512


def preview(item: Object) -> Preview:
    """Return the model of a Preview object."""
    metadata, spec = item["metadata"], item["spec"]
    return Preview(
        metadata["name"],
        _spec(spec),
        _status(item.get("status") or {}),
        metadata.get("resourceVersion", ""),
        metadata.get("generation", 1),
        metadata.get("creationTimestamp") or "",
    )


def _spec(spec: Object) -> Spec:
    source = spec.get("source") or {}
    return Spec(
        spec["owner"],
        spec["repo"],
        spec["number"],
        head=spec.get("head", ""),
        forge=source.get("forge", ""),
        author=source.get("author", ""),
        fork=source.get("fork", False),
        draft=source.get("draft", False),
        pinned=spec.get("pinned", False),
        expires=spec.get("expires", ""),
        suspend=spec.get("suspend", False),
        stop=spec.get("stop", ""),
        retest=spec.get("retest", ""),
        ok_to_test=spec.get("okToTest", ""),
        commands={name: Command(**_of(Command, command)) for name, command in (spec.get("commands") or {}).items()},
        commands_before=spec.get("commandsBefore", 0),
    )


def _status(status: Object) -> Status:
    run = status.get("run")
    return Status(
        pull_request=status.get("pullRequest", ""),
        phase=status.get("phase", ""),
        message=status.get("message", ""),
        run=_run(run) if run else None,
        history=tuple(_run(earlier) for earlier in status.get("history") or ()),
        tested_commit=status.get("testedCommit", ""),
        url=status.get("url", ""),
        verdict=status.get("verdict", ""),
        expires=status.get("expires", ""),
        place=status.get("place", 0),
        queued=status.get("queued", ""),
        told=status.get("told", ""),
        looked=status.get("looked", ""),
        conditions=tuple(
            (each["type"], each["status"] == "True", each.get("message", "")) for each in status.get("conditions") or ()
        ),
        observed_generation=status.get("observedGeneration", 0),
    )


def _run(run: Object) -> Run:
    kind, phase, cause = Kind(run["kind"]), RunPhase(run["phase"]), Cause(run.get("cause", ""))
    return Run(**_of(Run, run) | {"kind": kind, "phase": phase, "cause": cause, "made": tuple(run.get("made", ()))})


def _of(model: type[Run | Command], stored: Object) -> Object:
    """The fields that this version knows: after a rollback there may be others."""
    return {field.name: stored[field.name] for field in fields(model) if field.name in stored}


def status(following: Status, before: Object, now: datetime) -> Object:
    """Return a status as the API server stores it; a condition that stays keeps the time of its last change."""
    since = {each["type"]: each for each in before.get("conditions") or ()}
    conditions = []
    for kind, holds, message in following.conditions:
        word, old = str(holds), since.get(kind, {})
        moment = old["lastTransitionTime"] if old.get("status") == word else moments.stamp(now)
        conditions.append(
            {
                "type": kind,
                "status": word,
                "reason": "AsExpected" if holds else f"Not{kind}",
                "message": message,
                "lastTransitionTime": moment,
                "observedGeneration": following.observed_generation,
            }
        )
    return {
        "pullRequest": following.pull_request,
        "phase": following.phase,
        "message": following.message,
        # In a merge patch what is left out stays: another run's.
        "run": _emptied() | _stored(following.run) if following.run else None,
        "history": [_stored(run) for run in following.history],
        "testedCommit": following.tested_commit,
        "url": following.url,
        "verdict": following.verdict or None,
        "expires": following.expires,
        "place": following.place,
        "queued": following.queued,
        "told": following.told,
        "looked": following.looked,
        "conditions": conditions,
        "observedGeneration": following.observed_generation,
    }


def _stored(run: Run) -> Object:
    return {key: value for key, value in vars(run).items() if value not in ("", ())} | (
        {"made": list(run.made)} if run.made else {}
    )


def _emptied() -> Object:
    return dict.fromkeys(field.name for field in fields(Run))


def new(owner: str, repo: str, number: int, namespace: str) -> Object:
    """Return the Preview object of a pull request of which nothing is known yet."""
    return {
        "apiVersion": f"{labels.GROUP}/{VERSION}",
        "kind": "Preview",
        "metadata": {"name": names.pull_request(owner, repo, number), "namespace": namespace},
        "spec": {"owner": owner, "repo": repo, "number": number},
    }


def workflow(item: Object) -> Workflow:
    """Return the model of a Workflow that one of our runs, or a person's, is."""
    metadata, spec, found = item["metadata"], item["spec"], item.get("status") or {}
    name, given = metadata["name"], workflow_status.parameters(item)
    of = (metadata.get("labels") or {}).get(labels.PULL_REQUEST, "")
    number = name.removeprefix(f"{of}-") if of else ""
    over = found.get("phase") in OVER
    seen = workflow_status.of(item, str(found.get("phase") or ""))
    running = {
        task for task, node in workflow_status.tasks(item).items() if node.get("phase") in ("Pending", "Running")
    }
    return Workflow(
        name=name,
        number=int(number) if number.isdecimal() else 0,
        kind=Kind.END if spec.get("entrypoint") == END else Kind.TEST,
        commit=given.get("commit", ""),
        over=over,
        # Argo up to 4.0 says so too of one that was terminated while it waited for its lock, and never began.
        good=found.get("phase") == "Succeeded" and spec.get("shutdown") != "Terminate",
        stopping=bool(spec.get("shutdown")),
        started=str(found.get("startedAt") or ""),
        ended=str(found.get("finishedAt") or "") if over else "",
        url=_first(seen.output(stages.DEPLOY.task, "urls")),
        made=_made(seen),
        writing=not over and any(task in running for task in stages.WRITERS),
        waits_for="" if over else _waits_for(found),
    )


def _waits_for(status: Object) -> str:
    """The Workflow that holds the lock which this one waits for; what it waited for before stays listed."""
    lock = (status.get("synchronization") or {}).get("mutex") or {}
    if lock.get("holding"):
        return ""
    return next((str(each.get("holder")).partition("/")[2] for each in lock.get("waiting") or ()), "")


def _made(seen: workflow_status.RunStatus) -> tuple[str, ...]:
    """The commits that the agents handed on, each in the order in which it was made."""
    found = (seen.output(task, "commit") for task in reversed(stages.WRITERS))
    return tuple(dict.fromkeys(commit for commit in found if names.COMMIT.match(commit)))


def _first(urls: str) -> str:
    """The first address that deploy put out: a pull request's own chart chose it."""
    try:
        found = json.loads(urls or "[]")
    except ValueError:
        return ""
    first = found[0] if isinstance(found, list) and found else ""
    return first if isinstance(first, str) and first.startswith("https://") and len(first) <= URL_LIMIT else ""


def ours(item: Object) -> bool:
    """Say whether the controller made a Workflow."""
    return labels.PULL_REQUEST in (item["metadata"].get("labels") or {})


def live(item: Object) -> bool:
    """Say whether a Workflow has not ended."""
    return (item.get("status") or {}).get("phase") not in OVER


def runs_pipeline(item: Object, template: str) -> bool:
    """Say whether a Workflow is a run of the pipeline for a pull request: one that takes a preview away is none."""
    spec = item["spec"]
    by = (spec.get("workflowTemplateRef") or {}).get("name")
    return by == template and spec.get("entrypoint") != END and bool(pull_request(item))


def repository(item: Object) -> str:
    """Return whose run a Workflow is: ``owner/repo`` as limits count it."""
    given = workflow_status.parameters(item)
    return f"{given['owner']}/{given['repo']}".lower()


def pull_request(item: Object) -> str:
    """Return the name of the Preview that a Workflow belongs to, also one that a person submitted; else nothing."""
    given = workflow_status.parameters(item)
    try:
        return names.pull_request(given["owner"], given["repo"], int(given["pr"]))
    except (KeyError, ValueError):
        return ""


def manifest(run: Run, spec: Spec, pull_request: str, namespace: str, template: str) -> Object:
    """Return the Workflow of a run. It says nothing but which pull request and commit: all else is the template's."""
    given = {"owner": spec.owner, "repo": spec.repo, "pr": str(spec.number), "commit": run.commit}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": run.name,
            "namespace": namespace,
            "labels": {labels.PULL_REQUEST: pull_request, labels.MANAGED_BY: labels.MANAGER},
        },
        "spec": {
            "workflowTemplateRef": {"name": template},
            "arguments": {"parameters": _parameters(given)},
        }
        | ({"entrypoint": END, "onExit": ENDED} if run.kind == Kind.END else {}),
    }


def _parameters(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in given.items()]
