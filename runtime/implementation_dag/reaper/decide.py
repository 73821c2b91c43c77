"""What nobody wants any more. Pure: what is known goes in, things and reasons come out.

- Nothing goes but on a proof that was read: a time that is over, a run that ended badly or is not there, a pull request
  of which its Preview says that nobody wants its preview. What lacks a label of ours, or says nothing, stays.
- A reason must hold for the grace: whoever has to take a preview away in an orderly way comes first.
- What a live run holds, and what is pinned, stays whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from implementation_dag.base import moments
from implementation_dag.contract import labels, names
from implementation_dag.docsrun.job import NAME_LABEL

from .model import Decision, Doomed, How, Kind, Known, Preview, Reason, Settings, Thing, Workflow

OVER_GOOD, OVER_BAD = "Succeeded", "Failed"
FINAL = (OVER_GOOD, OVER_BAD)


def decide(known: Known, since: Mapping[str, datetime], settings: Settings, now: datetime) -> Decision:
    """Return what is to be done; `since` is when earlier decisions saw first what still waits."""
    seen = _Seen.of(known, settings)
    grace = timedelta(seconds=settings.grace_seconds)
    doomed: list[Doomed] = []
    waiting: list[Doomed] = []
    firsts: dict[str, datetime] = {}
    for thing, reason in _reasons(known, seen, now):
        first = min(reason.since or since.get(thing.uid, now), now)
        (doomed if now - first >= grace else waiting).append(Doomed(thing, reason.words, leaked=reason.since is None))
        # Also of what goes: where that fails, its grace does not begin anew.
        firsts[thing.uid] = first
    killed = tuple(
        Doomed(pod, "it was told to end and is past its grace", How.KILL)
        for pod in known.pods
        if seen.ours(pod) and overdue(pod, now, grace) and not pod.finalizers
    )
    stuck = tuple(each for each in known.namespaces if seen.ours(each) and overdue(each, now, grace))
    if not settings.cluster_scoped:
        doomed = [way for each in doomed for way in _stays(each, known, settings)]
    return Decision((*doomed, *killed), tuple(waiting), firsts, stuck)


def _stays(doomed: Doomed, known: Known, settings: Settings) -> Iterator[Doomed]:
    """Yield what is next where a namespace stays: its release is uninstalled, then its deployer's account goes."""
    # That a namespace cannot be seen does not say that it is gone.
    if doomed.thing.kind == Kind.ACCOUNT or (doomed.thing.kind == Kind.NAMESPACE and not preview_name(doomed.thing)):
        return
    if doomed.thing.kind != Kind.NAMESPACE:
        yield doomed
        return
    name = removal_name(doomed.thing)
    removal = next((each for each in known.docsruns if each.name == name), None)
    deployer = names.deployer(settings.release, doomed.thing.name)
    if removal is None:
        yield replace(doomed, how=How.UNINSTALL)
    elif removal.phase == OVER_GOOD:
        words = f"the release in {doomed.thing.name} is uninstalled: {doomed.words}"
        yield from (Doomed(each, words) for each in known.accounts if each.name == deployer)
        # A retry of the same run leaves something anew.
        yield Doomed(removal, words)
    elif removal.phase == OVER_BAD:
        yield Doomed(removal, "it could not uninstall, and is tried anew")


def removal_name(namespace: Thing) -> str:
    """Return the name of the DocsRun that uninstalls what a run left in a namespace that stays."""
    return names.docsrun(namespace.labels.get(labels.WORKFLOW) or namespace.name, "reap")


def overdue(thing: Thing, now: datetime, grace: timedelta) -> bool:
    """Say whether a thing was to be gone by now, and the grace is over too."""
    return thing.deleted is not None and now - thing.deleted >= grace


@dataclass(frozen=True)
class _Seen:
    """What is known, by what it is asked for."""

    settings: Settings
    workflows: Mapping[str, Workflow]
    previews: Mapping[str, Preview]
    # Names of live runs, and of the Previews of their pull requests.
    live: frozenset[str]
    busy: frozenset[str]
    # Uids that are there, by the kind of an owner.
    there: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, known: Known, settings: Settings) -> _Seen:
        live = [each for each in known.workflows if not each.over]
        return cls(
            settings,
            {names.label_value(each.name): each for each in known.workflows},
            {each.name: each for each in known.previews},
            frozenset(names.label_value(each.name) for each in live),
            frozenset(each.pull_request for each in live if each.pull_request),
            {
                "Workflow": frozenset(each.uid for each in known.workflows),
                "DocsRun": frozenset(each.uid for each in known.docsruns),
                "AgentRun": frozenset(each.uid for each in known.agentruns),
                "Job": frozenset(each.uid for each in known.jobs),
                "Namespace": frozenset(each.uid for each in known.namespaces),
            },
        )

    def ours(self, thing: Thing) -> bool:
        """Say whether it carries the labels of what this release makes."""
        if thing.labels.get(labels.MANAGED_BY) != labels.MANAGER:
            return False
        if thing.kind in (Kind.NAMESPACE, Kind.ACCOUNT) and thing.labels.get(labels.PREVIEW) != "true":
            return False
        # A Job's pod, a box and a step bear the release in the label by which the network policies find them.
        keys = (labels.RELEASE,) if thing.kind in (Kind.NAMESPACE, Kind.ACCOUNT) else labels.OF_A_RELEASE
        return any(thing.labels.get(key) == self.settings.release for key in keys)


def _reasons(known: Known, seen: _Seen, now: datetime) -> Iterator[tuple[Thing, Reason]]:
    for thing in (
        *known.namespaces,
        *known.docsruns,
        *known.agentruns,
        *known.jobs,
        *known.accounts,
        *known.pods,
    ):
        if thing.deleted is None and seen.ours(thing) and (reason := _reason(thing, seen, now)):
            yield thing, reason


def _reason(thing: Thing, seen: _Seen, now: datetime) -> Reason | None:
    if thing.kind == Kind.NAMESPACE:
        return _of_preview(thing, seen, now)
    if thing.kind == Kind.ACCOUNT and not thing.name.startswith(names.deployer(seen.settings.release, "")):
        return None
    # A DocsRun of a person's own has no owner, and is nobody's business.
    if thing.kind == Kind.JOB and NAME_LABEL not in thing.labels:
        return None
    if not thing.owners:
        finished = thing.kind == Kind.POD and thing.phase in FINAL
        return Reason("it has finished, and nothing owns it") if finished else None
    gone = [owner for owner in thing.owners if owner.kind in seen.there and owner.uid not in seen.there[owner.kind]]
    if len(gone) < len(thing.owners):
        return None
    return Reason(f"{gone[0].kind} {gone[0].name}, which owns it, is gone")


def _of_preview(namespace: Thing, seen: _Seen, now: datetime) -> Reason | None:
    run = namespace.labels.get(labels.WORKFLOW, "")
    name = preview_name(namespace)
    preview = seen.previews.get(name)
    if (preview and preview.pinned) or run in seen.live or name in seen.busy:
        return None
    expires = expiry(namespace, preview)
    if expires and expires <= now:
        return Reason(f"its time was over at {expires:%Y-%m-%dT%H:%M:%SZ}", expires)
    # One that was made after that somebody wanted all the same.
    if preview and preview.unwanted and namespace.created <= preview.unwanted:
        return Reason(preview.why, preview.unwanted)
    return _of_run(namespace, run, preview, seen) if run else None


def _of_run(namespace: Thing, run: str, preview: Preview | None, seen: _Seen) -> Reason | None:
    # One that is terminated in its exit handler has succeeded, as Argo says, and may have kept its preview before.
    if preview and run in preview.bad:
        return Reason(f"its run {run} is judged as failed")
    kept = namespace.annotations.get(labels.KEPT) == run or (preview is not None and run in preview.good)
    workflow = seen.workflows.get(run)
    if workflow is None and not kept:
        return Reason(f"its run {run} is gone, and did not say that the preview is to stay")
    if workflow and workflow.phase != OVER_GOOD and not kept:
        return Reason(f"its run {run} ended as {workflow.phase or 'unknown'}")
    started_by = names.pull_request_of(run)
    if started_by and started_by == preview_name(namespace) and preview is None:
        return Reason(f"Preview {started_by}, which started its run, is gone")
    return None


def preview_name(namespace: Thing) -> str:
    """Return the name of the Preview that a namespace belongs to; empty when its annotations do not say whose it is."""
    found = namespace.annotations
    owner, repo, number = (
        found.get(key, "") for key in (labels.OWNER_OF_PREVIEW, labels.REPO_OF_PREVIEW, labels.PR_OF_PREVIEW)
    )
    return names.pull_request(owner, repo, int(number)) if owner and repo and names.PR_KEY.match(number) else ""


def expiry(namespace: Thing, preview: Preview | None) -> datetime | None:
    """Return when a preview has to go: as its Preview wishes, else the later of its annotations; None: nobody said."""
    if preview and (wished := _moment(preview.expires)):
        return wished
    said = [moment for key in labels.EXPIRES if (moment := _moment(namespace.annotations.get(key, "")))]
    return max(said, default=None)


def _moment(text: str) -> datetime | None:
    try:
        found = moments.read(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
