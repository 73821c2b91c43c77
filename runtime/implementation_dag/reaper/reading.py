"""What the reaper knows, by a few lists: an owner is listed after what it owns, so one that is missing is gone."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from lightkube import ApiError

from implementation_dag.base import moments
from implementation_dag.contract import labels, names
from implementation_dag.docsrun.job import NAME_LABEL
from implementation_dag.pull_requests import objects
from implementation_dag.pull_requests.model import Kind as RunKind
from implementation_dag.pull_requests.model import RunPhase

from .api import Api, Object
from .model import Kind, Known, Owner, Preview, Settings, Thing, Workflow

# Argo keeps these labels beside the status: the status itself holds every node of a run.
PHASE = "workflows.argoproj.io/phase"
COMPLETED = "workflows.argoproj.io/completed"
LOG = logging.getLogger("reaper")
OURS = f"{labels.MANAGED_BY}={labels.MANAGER}"
_GROUPS = {
    Kind.DOCSRUN: "apis/taskmaster.io/v1",
    Kind.AGENTRUN: f"apis/{labels.GROUP}/v1alpha1",
    Kind.JOB: "apis/batch/v1",
    Kind.ACCOUNT: "api/v1",
    Kind.POD: "api/v1",
}
_PREVIEWS = f"apis/{labels.GROUP}/{objects.VERSION}"
_WORKFLOWS = "apis/argoproj.io/v1alpha1"


def path(kind: Kind, namespace: str, name: str = "") -> str:
    """Return the path of the list of a kind, or of one object."""
    found = f"{_GROUPS[kind]}/namespaces/{namespace}/{kind.lower()}s" if kind in _GROUPS else "api/v1/namespaces"
    return f"/{found}/{name}" if name else f"/{found}"


def known(api: Api, settings: Settings) -> Known:
    """Return everything. Raises ApiError and httpx2.HTTPError: what cannot be listed proves nothing."""
    release, here = f"{labels.RELEASE}={settings.release}", settings.namespace
    of_previews = f"{OURS},{labels.PREVIEW}=true,{release}"

    def things(kind: Kind, selector: str = "", whole: bool = False) -> tuple[Thing, ...]:
        return tuple(thing(kind, item) for item in api.listed(path(kind, here), selector, whole=whole))

    # Of a pod its phase matters.
    pods = things(Kind.POD, OURS, whole=True)
    jobs = things(Kind.JOB, NAME_LABEL)
    agentruns = things(Kind.AGENTRUN)
    docsruns = things(Kind.DOCSRUN, whole=True)
    accounts = things(Kind.ACCOUNT, of_previews)
    if settings.cluster_scoped:
        # Of a namespace its conditions.
        namespaces = things(Kind.NAMESPACE, of_previews, whole=True)
    else:
        namespaces = tuple(_made_beforehand(api, settings, accounts))
    previews = tuple(map(preview, api.listed(f"/{_PREVIEWS}/namespaces/{here}/{objects.PLURAL}", whole=True)))
    runs = f"/{_WORKFLOWS}/namespaces/{here}/workflows"
    workflows = {item["metadata"]["name"]: _workflow(item) for item in api.listed(runs)}
    # Only a run that lives is read whole: its arguments say of which pull request it is, whoever submitted it.
    workflows |= {
        item["metadata"]["name"]: _workflow(item, _pull_request(item))
        for item in api.listed(runs, f"{COMPLETED}!=true", whole=True)
    }
    return Known(namespaces, tuple(workflows.values()), previews, docsruns, agentruns, jobs, accounts, pods)


def _made_beforehand(api: Api, settings: Settings, accounts: Iterable[Thing]) -> Iterator[Thing]:
    """Yield the previews that an administrator made: each has a deployer's account while it is used."""
    for account in accounts:
        name = account.name.removeprefix(names.deployer(settings.release, ""))
        try:
            yield thing(Kind.NAMESPACE, api.read(path(Kind.NAMESPACE, "", name)))
        except ApiError as error:
            if error.status.code not in (403, 404):
                raise
            # Made by an older version, or taken away.
            LOG.debug("Namespace %s: it cannot be seen, so nothing of it goes: %s", name, error.status.message)


def thing(kind: Kind, item: Object) -> Thing:
    """Return what the decision needs of an object."""
    metadata, status = item["metadata"], item.get("status") or {}
    return Thing(
        kind,
        metadata["name"],
        metadata["uid"],
        metadata["resourceVersion"],
        moments.read(metadata["creationTimestamp"]),
        metadata.get("namespace", ""),
        metadata.get("labels") or {},
        {key: text for key, text in (metadata.get("annotations") or {}).items() if key in _ANNOTATIONS},
        tuple(Owner(each["kind"], each["name"], each["uid"]) for each in metadata.get("ownerReferences") or ()),
        tuple(metadata.get("finalizers") or ()),
        # Of a pod it is the moment at which its grace ends.
        moments.read(deleted) if (deleted := metadata.get("deletionTimestamp")) else None,
        status.get("phase", ""),
        tuple(str(each.get("message", "")) for each in status.get("conditions") or () if each.get("status") == "True"),
    )


_ANNOTATIONS = frozenset(
    (labels.KEPT, labels.OWNER_OF_PREVIEW, labels.REPO_OF_PREVIEW, labels.PR_OF_PREVIEW, *labels.EXPIRES)
)

# What a Preview says of its tests.
GOOD, BAD = {RunPhase.SUCCEEDED}, {RunPhase.FAILED, RunPhase.LOST}


def _workflow(item: Object, pull_request: str = "") -> Workflow:
    metadata = item["metadata"]
    given = metadata.get("labels") or {}
    return Workflow(
        metadata["name"], metadata["uid"], given.get(COMPLETED) == "true", given.get(PHASE, ""), pull_request
    )


def _pull_request(item: Object) -> str:
    try:
        return objects.pull_request(item)
    except Exception:
        LOG.exception("Workflow %s: its arguments cannot be read", item["metadata"]["name"])
        return ""


def preview(item: Object) -> Preview:
    """Return what the decision needs of a Preview; one that cannot be read counts as pinned: it proves nothing."""
    try:
        return _preview(item)
    except Exception:
        # A newer version of ours wrote it, for example.
        LOG.exception("Preview %s: it cannot be read, so nothing of it goes", item["metadata"]["name"])
        return Preview(item["metadata"]["name"], pinned=True)


def _preview(item: Object) -> Preview:
    found = objects.preview(item)
    status = found.status
    since, why = _unwanted(item)
    tests = [each for each in (status.run, *status.history) if each and each.kind == RunKind.TEST]
    good, bad = (frozenset(each.name for each in tests if each.phase in phases) for phases in (GOOD, BAD))
    return Preview(
        found.name,
        found.spec.pinned,
        found.spec.expires,
        good,
        bad,
        since,
        why,
    )


def _unwanted(item: Object) -> tuple[datetime | None, str]:
    """Since when a Preview says that nobody wants its preview, and why; None: somebody does, or it is not known."""
    for each in (item.get("status") or {}).get("conditions") or ():
        if (each["type"], each["status"]) == (labels.WANTED, "False"):
            return moments.read(each["lastTransitionTime"]), each.get("message", "")
    return None, ""
