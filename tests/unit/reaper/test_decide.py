"""Whatever is known, nothing goes that somebody wants, and in the end everything that nobody wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.contract import labels, names
from implementation_dag.docsrun.job import NAME_LABEL
from implementation_dag.reaper.decide import decide, expiry, preview_name, removal_name
from implementation_dag.reaper.model import How, Kind, Known, Owner, Preview, Settings, Thing, Workflow

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRACE = timedelta(seconds=120)
SETTINGS = Settings("release", "workflows", GRACE.total_seconds())
PREVIEW = names.pull_request("acme", "shop", 7)
RUNS = [names.run(PREVIEW, 1), names.run(PREVIEW, 2), "by-hand"]
OURS = {labels.MANAGED_BY: labels.MANAGER, labels.PREVIEW: "true", labels.RELEASE: "release"}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def namespace(run: str = RUNS[0], **changed: object) -> Thing:
    found = Thing(
        Kind.NAMESPACE,
        "impl-pr-7",
        "ns",
        "1",
        NOW - HOUR,
        labels=OURS | {labels.WORKFLOW: run},
        annotations=labels.ownership("acme", "shop", "7"),
    )
    annotations = changed.pop("annotations", {})
    assert isinstance(annotations, dict)
    return replace(found, annotations={**found.annotations, **annotations}, **changed)  # type: ignore[arg-type]


def reasons(known: Known, now: datetime = NOW) -> list[str]:
    """The words of everything that goes, once every reason has held for the grace."""
    first = decide(known, {}, SETTINGS, now)
    return [each.words for each in decide(known, first.since, SETTINGS, now + GRACE).doomed]


moments = st.sampled_from(["", "no moment", stamp(NOW - HOUR), stamp(NOW + HOUR), "2026-11-29", "2026-12-24"])
spaces = st.builds(
    lambda run, own, kept, first, second, created, deleted: namespace(
        run,
        labels=own | {labels.WORKFLOW: run},
        annotations={labels.KEPT: kept, labels.EXPIRES[0]: first, labels.EXPIRES[1]: second},
        created=created,
        deleted=deleted,
    ),
    st.sampled_from([*RUNS, ""]),
    st.sampled_from([OURS, OURS | {labels.RELEASE: "another"}, OURS | {labels.PREVIEW: "false"}, {}]),
    st.sampled_from([*RUNS, ""]),
    moments,
    moments,
    st.sampled_from([NOW - 2 * HOUR, NOW]),
    st.sampled_from([None, None, None, NOW - HOUR]),
)
flows = st.lists(
    st.builds(
        Workflow,
        st.sampled_from([*RUNS, "another"]),
        st.sampled_from("abc"),
        st.booleans(),
        st.sampled_from(["", "Running", "Succeeded", "Failed", "Error"]),
        st.sampled_from(["", PREVIEW, "another"]),
    ),
    max_size=4,
    unique_by=lambda each: each.name,
).map(tuple)
wishes = st.lists(
    st.builds(
        Preview,
        st.sampled_from([PREVIEW, "another"]),
        st.booleans(),
        moments,
        st.frozensets(st.sampled_from(RUNS)),
        st.frozensets(st.sampled_from(RUNS)),
        st.sampled_from([None, NOW - HOUR]),
    ),
    max_size=2,
    unique_by=lambda each: each.name,
).map(tuple)
worlds = st.builds(Known, st.tuples(spaces), flows, wishes)


@given(worlds)
def test_nothing_goes_that_somebody_wants(known: Known) -> None:
    (found,) = known.namespaces
    preview = next((each for each in known.previews if each.name == PREVIEW), None)
    live = [each for each in known.workflows if not each.over]
    run = found.labels.get(labels.WORKFLOW)
    held = any(each.name == run or each.pull_request == PREVIEW for each in live)
    theirs = {**OURS, labels.WORKFLOW: run} != found.labels
    if theirs or held or (preview and preview.pinned) or found.deleted:
        assert reasons(known) == []


@given(worlds)
def test_what_is_good_stays_for_its_time(known: Known) -> None:
    """A run that succeeded and kept its preview, whether its Workflow is still there or not."""
    (found,) = known.namespaces
    preview = next((each for each in known.previews if each.name == PREVIEW), None)
    run = found.labels.get(labels.WORKFLOW, "")
    kept = found.annotations[labels.KEPT] == run
    in_time = (expires := expiry(found, preview)) is None or expires > NOW + GRACE
    orphan = preview is None and names.pull_request_of(run)
    if kept and in_time and not orphan and not (preview and (preview.unwanted or run in preview.bad)):
        assert reasons(known) == []


@given(worlds)
def test_in_the_end_everything_goes_that_nobody_wants(known: Known) -> None:
    (found,) = known.namespaces
    preview = next((each for each in known.previews if each.name == PREVIEW), None)
    over = replace(known, workflows=tuple(replace(each, over=True) for each in known.workflows))
    ours = found.labels.items() >= OURS.items() and not found.deleted
    if ours and not (preview and preview.pinned) and expiry(found, preview):
        assert reasons(over, NOW + 1000 * HOUR)
    lost = replace(known, workflows=(), previews=())
    if ours and found.labels[labels.WORKFLOW] and found.annotations[labels.KEPT] != found.labels[labels.WORKFLOW]:
        assert reasons(lost)


@given(worlds, st.integers(0, 119))
def test_a_reason_that_has_no_moment_of_its_own_must_hold_for_the_grace(known: Known, seconds: int) -> None:
    first = decide(known, {}, SETTINGS, NOW)
    later = decide(known, first.since, SETTINGS, NOW + timedelta(seconds=seconds))
    assert [each for each in (*first.doomed, *later.doomed) if each.leaked] == []


@given(worlds)
def test_a_reason_that_was_away_begins_anew(known: Known) -> None:
    first = decide(known, {}, SETTINGS, NOW)
    live = tuple(Workflow(run, "x", False, pull_request=PREVIEW) for run in RUNS)
    assert decide(replace(known, workflows=live), first.since, SETTINGS, NOW + GRACE / 2).since == {}


def test_reasons_are_said_in_words() -> None:
    good = Workflow(RUNS[0], "w", True, "Succeeded")
    past = {labels.EXPIRES[0]: stamp(NOW - HOUR), labels.EXPIRES[1]: stamp(NOW - 2 * HOUR)}
    here = (Preview(PREVIEW),)
    assert reasons(Known((namespace(),), (good,), here)) == []
    assert reasons(Known((namespace(annotations=past),), (good,), here)) == [
        "its time was over at 2026-11-29T23:00:00Z",
    ]
    failed = replace(good, phase="Failed")
    assert reasons(Known((namespace(),), (failed,), here)) == [f"its run {RUNS[0]} ended as Failed"]
    assert reasons(Known((namespace(),), (), here)) == [
        f"its run {RUNS[0]} is gone, and did not say that the preview is to stay"
    ]
    assert reasons(Known((namespace(),), (good,))) == [f"Preview {PREVIEW}, which started its run, is gone"]
    closed = (Preview(PREVIEW, unwanted=NOW - HOUR / 2, why="the pull request is closed"),)
    assert reasons(Known((namespace(),), (good,), closed)) == ["the pull request is closed"]


def test_what_nobody_took_away_who_should_have_leaked_and_what_is_over_did_not() -> None:
    past = {labels.EXPIRES[0]: stamp(NOW - HOUR)}
    for thing, leaked in ((namespace(annotations=past), False), (namespace(), True)):
        found = decide(Known((thing,)), {thing.uid: NOW - HOUR}, SETTINGS, NOW)
        assert [each.leaked for each in found.doomed] == [leaked], found


def test_one_that_was_made_after_the_pull_request_was_closed_stays() -> None:
    closed = (Preview(PREVIEW, unwanted=NOW - 2 * HOUR),)
    assert reasons(Known((namespace("by-hand"),), (Workflow("by-hand", "w", True, "Succeeded"),), closed)) == []


def test_a_preview_remembers_that_its_run_was_good() -> None:
    """As of those that were made by a version that left no mark."""
    assert reasons(Known((namespace(),), (), (Preview(PREVIEW, good=frozenset(RUNS[:1])),))) == []


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_is_judged_as_failed_goes_although_it_was_kept(phase: str) -> None:
    """Of a run that is terminated in its exit handler Argo says that it has succeeded."""
    there = (namespace(annotations={labels.KEPT: RUNS[0]}),)
    over = (Workflow(RUNS[0], "a", True, phase),)
    (words,) = reasons(Known(there, over, (Preview(PREVIEW, bad=frozenset(RUNS[:1])),)))
    assert "judged as failed" in words
    assert reasons(Known(there, over, (Preview(PREVIEW, bad=frozenset(RUNS[1:])),))) == []


def test_the_wish_of_the_preview_overrules_the_annotations() -> None:
    past = {labels.EXPIRES[0]: stamp(NOW - HOUR)}
    good = (Workflow(RUNS[0], "w", True, "Succeeded"),)
    extended, shortened = Preview(PREVIEW, expires=stamp(NOW + HOUR)), Preview(PREVIEW, expires=stamp(NOW - HOUR))
    assert reasons(Known((namespace(annotations=past),), good, (extended,))) == []
    assert reasons(Known((namespace(),), good, (shortened,)))
    # Of two annotations the later counts: somebody may have extended either.
    later = past | {labels.EXPIRES[1]: stamp(NOW + HOUR)}
    assert reasons(Known((namespace(annotations=later),), good, (Preview(PREVIEW),))) == []


def owned(kind: Kind, owner: str = "Workflow", uid: str = "gone", **changed: object) -> Thing:
    name = names.deployer("release", "impl-pr-7") if kind == Kind.ACCOUNT else "x"
    found = Thing(kind, name, "x", "1", NOW - HOUR, "workflows", OURS | {NAME_LABEL: "x"})
    return replace(found, owners=(Owner(owner, "owner", uid),), **changed)  # type: ignore[arg-type]


OWNED = [
    ("docsruns", Kind.DOCSRUN, "Workflow"),
    ("agentruns", Kind.AGENTRUN, "Workflow"),
    ("jobs", Kind.JOB, "DocsRun"),
    ("accounts", Kind.ACCOUNT, "Namespace"),
    ("pods", Kind.POD, "Workflow"),
    ("pods", Kind.POD, "Job"),
    ("pods", Kind.POD, "AgentRun"),
]


@pytest.mark.parametrize(("where", "kind", "owner"), OWNED)
def test_what_has_no_owner_any_more_goes(where: str, kind: Kind, owner: str) -> None:
    def goes(thing: Thing) -> bool:
        other = owned(kind, uid="elsewhere", name="y", labels={})
        there = Known(
            namespaces=(namespace(uid="there", annotations={labels.KEPT: RUNS[0]}),),
            workflows=(Workflow(RUNS[0], "there", True, "Succeeded"),),
            previews=(Preview(PREVIEW),),
            docsruns=(replace(other, uid="there"),),
            agentruns=(replace(other, uid="there"),),
            jobs=(replace(other, uid="there"),),
        )
        return bool(reasons(replace(there, **{where: (*getattr(there, where), thing)})))

    assert goes(owned(kind, owner))
    assert not goes(owned(kind, owner, "there"))
    assert not goes(owned(kind, owner, labels={}))
    assert not goes(owned(kind, "Deployment"))
    assert not goes(owned(kind, owner, deleted=NOW)) or kind == Kind.POD
    # Another owner holds it still.
    both = (Owner(owner, "owner", "gone"), Owner(owner, "owner", "there"))
    assert not goes(replace(owned(kind, owner), owners=both))


def test_a_pod_without_owner_goes_when_it_has_finished() -> None:
    pod = replace(owned(Kind.POD), owners=())
    assert reasons(Known(pods=(pod,))) == []
    assert reasons(Known(pods=(replace(pod, phase="Failed"),))) == ["it has finished, and nothing owns it"]


def test_what_is_told_to_end_and_does_not_is_killed_after_its_grace() -> None:
    pod = owned(Kind.POD, uid="there", deleted=NOW - GRACE)
    found = Known(pods=(pod,), workflows=(Workflow("w", "there", False),))
    assert [each.how for each in decide(found, {}, SETTINGS, NOW).doomed] == [How.KILL]
    assert decide(found, {}, SETTINGS, NOW - timedelta(seconds=1)).doomed == ()
    # What has a finalizer waits for somebody, not for its end.
    assert decide(replace(found, pods=(replace(pod, finalizers=("x",)),)), {}, SETTINGS, NOW).doomed == ()


def test_a_namespace_that_takes_too_long_is_stuck() -> None:
    going = namespace(deleted=NOW - GRACE)
    assert decide(Known((going,)), {}, SETTINGS, NOW).stuck == (going,)
    assert decide(Known((going,)), {}, SETTINGS, NOW - timedelta(seconds=1)).stuck == ()
    assert decide(Known((replace(going, labels={}),)), {}, SETTINGS, NOW).stuck == ()


def test_of_a_preview_that_was_made_beforehand_the_release_goes_and_then_its_account() -> None:
    stays = replace(SETTINGS, cluster_scoped=False)
    failed = (Workflow(RUNS[0], "w", True, "Failed"),)
    account = owned(Kind.ACCOUNT, "Namespace", "ns")
    known = Known((namespace(),), failed, (Preview(PREVIEW),), accounts=(account,))

    def goes(phase: str | None = None) -> list[tuple[Kind, str, How]]:
        removal = Thing(Kind.DOCSRUN, removal_name(namespace()), "d", "1", NOW, phase=phase or "")
        found = replace(known, docsruns=() if phase is None else (removal,))
        first = decide(found, {}, stays, NOW)
        assert first.doomed == ()
        return [
            (each.thing.kind, each.thing.name, each.how)
            for each in decide(found, first.since, stays, NOW + GRACE).doomed
        ]

    name = f"{RUNS[0]}-reap"
    assert goes() == [(Kind.NAMESPACE, "impl-pr-7", How.UNINSTALL)]
    assert goes("") == goes("Running") == []
    assert goes("Succeeded") == [(Kind.ACCOUNT, account.name, How.DELETE), (Kind.DOCSRUN, name, How.DELETE)]
    assert goes("Failed") == [(Kind.DOCSRUN, name, How.DELETE)]


def test_a_namespace_that_cannot_be_seen_says_nothing_of_its_account() -> None:
    stays = replace(SETTINGS, cluster_scoped=False, grace_seconds=0)
    known = Known(accounts=(owned(Kind.ACCOUNT, "Namespace"),), docsruns=(owned(Kind.DOCSRUN),))
    assert [each.thing.kind for each in decide(known, {}, stays, NOW).doomed] == [Kind.DOCSRUN]
    nobody_s = replace(namespace(), annotations={})
    assert decide(Known((nobody_s,)), {}, stays, NOW).doomed == ()


@pytest.mark.parametrize("annotations", [{}, {labels.PR_OF_PREVIEW: "x"}, {labels.OWNER_OF_PREVIEW: ""}])
def test_a_namespace_that_does_not_say_whose_it_is_has_no_preview(annotations: dict[str, str]) -> None:
    found = namespace(annotations=annotations)
    assert preview_name(found) == ("" if annotations else PREVIEW)


def test_names_of_runs_say_which_preview_started_them() -> None:
    assert names.pull_request_of(names.run(PREVIEW, 12)) == PREVIEW
    for other in ("by-hand", PREVIEW, f"{PREVIEW}-x", f"{PREVIEW}-0", ""):
        assert names.pull_request_of(other) == ""
