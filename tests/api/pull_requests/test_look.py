"""Single looks at a Preview, with the controller's rights, at a forge that may say anything."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from lightkube import ApiError, Client
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

from idag.render.manifests import Object
from implementation_dag.base import kube
from implementation_dag.contract import labels, names
from implementation_dag.forge.errors import Conflict, Refused, Unavailable
from implementation_dag.forge.model import Comment, Listing, Permission, Verdict
from implementation_dag.pull_requests import controller, objects, receiver
from implementation_dag.pull_requests.deliveries import Hint
from implementation_dag.pull_requests.look import Looker
from implementation_dag.pull_requests.model import Kind, Run, Settings
from implementation_dag.pull_requests.obeying import LISTED, TRIES
from implementation_dag.pull_requests.patience import Pauses
from implementation_dag.pull_requests.queue import Limits
from implementation_dag.pull_requests.repositories import Repositories
from scripts.lab.kubectl import Kubectl
from tests.api import release
from tests.api.previews import NAMESPACE, RELEASE
from tests.unit.pull_requests.world import commit, opened

from .argo import now
from .desk import NUMBER, Desk
from .place import OWNER


@pytest.fixture(scope="module")
def ours(kubectl: Kubectl, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The API server as the controller of pull requests sees it."""
    return release.client(release.identity(kubectl, "pull-requests", tmp_path_factory.mktemp("identity")))


@pytest.fixture
def desk(ours: Client, client: Client, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A repository of the test's own with one Preview."""
    desk = Desk(request.function.__name__.removeprefix("test_")[:60].strip("_"), ours, client)
    desk.acting.create(OWNER, desk.repo, NUMBER)
    yield desk
    for item in client.list(objects.Resource, namespace=NAMESPACE):
        if (found := kube.as_dict(item))["spec"]["repo"] == desk.repo:
            client.delete(objects.Resource, found["metadata"]["name"], namespace=NAMESPACE)
    # Those of others count where runs are limited.
    client.deletecollection(kube.Workflow, namespace=NAMESPACE)


def test_the_chart_asks_for_its_health_where_it_answers(objects: list[Object]) -> None:
    (container,) = [
        item["spec"]["template"]["spec"]["containers"][0]
        for item in objects
        if item["kind"] == "Deployment" and item["metadata"]["name"] == f"{RELEASE}-pull-requests"
    ]
    (port,) = [each["containerPort"] for each in container["ports"] if each["name"] == "http"]
    for probe in ("livenessProbe", "readinessProbe"):
        path = container[probe]["httpGet"]["path"]
        assert f"http://0.0.0.0:{port}{path}" == controller.HEALTH.format(port=controller.PORT)


def waiting(looker: Looker) -> list[str]:
    """The Previews that the sweep would look at."""
    return [name for name, item in looker.known() if looker.due(name, item)]


def to_poll(looker: Looker) -> list[str]:
    """The repositories that the sweep would list."""
    return [name for name, item in looker.repositories() if looker.poll_due(name, item)]


# One look.


def test_one_look_follows_claims_and_starts_and_the_next_does_nothing(desk: Desk) -> None:
    looker = desk.looker()
    assert looker.preview_changed(desk.name(), desk.item())
    looker.look(desk.name())
    (workflow,) = desk.workflows()
    assert desk.item()["spec"]["head"] == commit(1)
    assert desk.status()["run"]["name"] == workflow["metadata"]["name"]
    desk.becomes("Running")
    looker.look(desk.name())
    before, told = desk.item(), desk.peer.told[:]
    # As its event says.
    assert not looker.preview_changed(desk.name(), before)
    assert waiting(looker) == []
    looker.look(desk.name())
    assert desk.item() == before
    assert len(desk.workflows()) == 1
    assert desk.peer.told == told
    assert {report.verdict for report in told} == {Verdict.RUNNING}


def test_two_replicas_that_look_at_once_start_one_run(desk: Desk) -> None:
    together = Barrier(4)

    def look(looker: Looker) -> None:
        together.wait()
        try:
            looker.look(desk.name())
        except ApiError as error:
            # Another was first.
            assert error.status.code == 409

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, [desk.looker() for _ in range(4)]))
    desk.looker().look(desk.name())
    assert [each["metadata"]["name"] for each in desk.workflows()] == [desk.status()["run"]["name"]]
    assert "history" not in desk.status() or desk.status()["history"] == []


@pytest.mark.parametrize("what", ["patch", "write"])
def test_what_was_decided_on_another_version_is_refused(desk: Desk, what: str) -> None:
    old = desk.item()
    before = desk.wish(pinned=True)
    with pytest.raises(ApiError) as refused:
        if what == "patch":
            desk.acting.patch(old, {"suspend": True})
        else:
            desk.acting.write(old, objects.preview(old).status)
    assert refused.value.status.code == 409
    assert desk.item() == before


OWNERS = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "11111111-1111-1111-1111-111111111111"}]


@pytest.mark.parametrize("account", ["receiver", "pull-requests"])
@pytest.mark.parametrize(
    "metadata",
    [
        {"ownerReferences": OWNERS},
        {"finalizers": ["example.com/x"]},
        {"labels": {"a": "b"}},
        {"annotations": {"a": "b"}},
    ],
)
def test_nobody_of_ours_changes_what_others_act_by(
    desk: Desk, kubectl: Kubectl, tmp_path: Path, account: str, metadata: Object
) -> None:
    client = release.client(release.identity(kubectl, account, tmp_path))
    with pytest.raises(ApiError, match=f"may not set {next(iter(metadata))}"):
        client.patch(
            objects.Resource, desk.name(), {"metadata": metadata}, namespace=NAMESPACE, patch_type=PatchType.MERGE
        )


def test_the_receiver_asks_for_a_look_again_and_takes_no_annotation_away(
    desk: Desk, kubectl: Kubectl, tmp_path: Path
) -> None:
    client = release.client(release.identity(kubectl, "receiver", tmp_path))
    desk.admin.patch(
        objects.Resource,
        desk.name(),
        {"metadata": {"annotations": {"a": "b"}, "labels": {"c": "d"}}},
        namespace=NAMESPACE,
        patch_type=PatchType.MERGE,
    )
    for number in ("d-1", "d-2"):
        receiver.store(client, NAMESPACE, Hint(OWNER, desk.repo, NUMBER), number)
        assert desk.item()["metadata"]["annotations"][labels.LOOK].endswith(number)
    with pytest.raises(ApiError, match="may not set annotations"):
        client.patch(
            objects.Resource,
            desk.name(),
            {"metadata": {"annotations": {"a": None}}},
            namespace=NAMESPACE,
            patch_type=PatchType.MERGE,
        )


def test_what_is_there_already_is_left_as_it_is(desk: Desk) -> None:
    before = desk.wish(pinned=True)
    desk.acting.create(OWNER, desk.repo, NUMBER)
    assert desk.item() == before
    run = Run(f"{desk.name()}-1", 1, Kind.TEST, commit=commit(1))
    manifest = objects.manifest(run, objects.preview(before).spec, desk.name(), NAMESPACE, RELEASE)
    for _ in range(2):
        desk.acting._start(manifest)
    assert len(desk.workflows()) == 1


def test_a_preview_that_is_gone_is_forgotten(desk: Desk, client: Client) -> None:
    looker = desk.looker()
    looker.preview_changed(desk.name(), desk.item())
    client.delete(objects.Resource, desk.name(), namespace=NAMESPACE)
    assert waiting(looker) == [desk.name()]
    looker.look(desk.name())
    assert waiting(looker) == []
    assert desk.acting.get(desk.name()) is None


def test_a_preview_of_another_repository_is_neither_asked_nor_told_of(desk: Desk) -> None:
    desk.wish(head=commit(1))
    looker = desk.looker(repositories=Repositories(("acme/another",)))
    looker.look(desk.name())
    assert len(desk.workflows()) == 1, "what a person wishes runs"
    desk.becomes("Running")
    looker.look(desk.name())
    assert (desk.peer.asked, desk.peer.told) == (0, [])


# The forge.


def test_a_silent_forge_starts_nothing_and_ends_nothing(desk: Desk) -> None:
    pull_request = replace(desk.peer.found, draft=False)  # type: ignore[type-var]
    desk.peer.found = Unavailable("502")
    looker = desk.looker()
    looker.look(desk.name())
    assert (desk.workflows(), desk.status()["phase"]) == ([], "Waiting")
    assert waiting(looker) == [desk.name()], "it is asked again"
    desk.peer.found = pull_request
    desk.looker().look(desk.name())
    desk.becomes("Running")
    desk.peer.found = Unavailable("502")
    desk.looker().look(desk.name())
    assert desk.status()["phase"] == "Running"
    assert "shutdown" not in desk.workflows()[0]["spec"]


def test_what_was_refused_is_not_told_again_at_once_and_not_lost(desk: Desk) -> None:
    looker = desk.looker()
    desk.peer.wrong["tell"] = Refused("403")
    looker.look(desk.name())
    assert "told" not in desk.status()["run"]
    desk.peer.wrong.clear()
    looker.look(desk.name())
    assert desk.peer.told == [], "it waits"
    desk.looker().look(desk.name())
    assert [report.verdict for report in desk.peer.told] == [Verdict.RUNNING]
    assert desk.status()["run"]["told"]


def test_an_author_who_blocks_our_comments_keeps_no_approval(desk: Desk) -> None:
    looker = desk.looker()
    desk.peer.wrong["tell"] = Refused("403")
    looker.look(desk.name())
    assert [report.verdict for report in desk.peer.reviewed] == [Verdict.RUNNING], "QA looks at what it said before"
    assert "told" not in desk.status()["run"]


def test_a_review_that_cannot_be_is_told_of_once(desk: Desk) -> None:
    looker = desk.looker()
    looker.look(desk.name())
    desk.becomes("Succeeded")
    reviewed = desk.peer.reviewed[:]
    desk.peer.wrong["review"] = Conflict("one's own")
    for _ in range(2):
        looker.look(desk.name())
    assert [(report.verdict, report.reason) for report in desk.peer.told] == [
        (Verdict.RUNNING, ""),
        (Verdict.PASSED, ""),
        (Verdict.PASSED, "no review: one's own"),
    ]
    assert desk.peer.reviewed == reviewed


def test_a_process_that_begins_anew_asks_nothing_of_what_has_ended(desk: Desk) -> None:
    looker = desk.looker()
    looker.look(desk.name())
    desk.peer.found = replace(opened(), repo=desk.repo, open=False)
    desk.news()
    looker.look(desk.name())
    desk.becomes("Failed")
    looker.look(desk.name())
    desk.becomes("Succeeded", run=2)
    looker.look(desk.name())
    assert desk.status()["phase"] == "Ended"
    asked, again = desk.peer.asked, desk.looker()
    assert not again.preview_changed(desk.name(), desk.item())
    again.look(desk.name())
    assert (desk.peer.asked, desk.status()["phase"]) == (asked, "Ended")
    desk.news()
    assert again.preview_changed(desk.name(), desk.item()), "a webhook is a reason to ask"
    again.look(desk.name())
    assert desk.peer.asked == asked + 1
    assert not desk.looker().preview_changed(desk.name(), desk.item())


def test_under_a_former_name_a_pull_request_ends_and_nobody_is_told(desk: Desk) -> None:
    looker = desk.looker()
    looker.look(desk.name())
    told = desk.peer.told[:]
    desk.peer.found = replace(opened(), repo=f"{desk.repo}-now")
    desk.news()
    looker.look(desk.name())
    assert desk.workflows()[0]["spec"]["shutdown"] == "Stop"
    desk.becomes("Failed")
    looker.look(desk.name())
    desk.becomes("Succeeded", run=2)
    looker.look(desk.name())
    assert desk.status()["phase"] == "Ended"
    assert f"called {OWNER}/{desk.repo}-now now" in desk.status()["message"]
    assert desk.peer.told == told


# Lists of a repository.


def test_a_list_makes_what_is_missing_and_asks_for_what_is_not_in_it(desk: Desk) -> None:
    looker = desk.looker()
    looker.look(desk.name())
    looker.preview_changed(desk.name(), desk.item())
    opened = desk.peer.found
    assert not isinstance(opened, Exception)
    asked = desk.peer.asked
    desk.peer.listing = Listing((replace(opened, number=8),), complete=True)
    (repository,) = to_poll(looker)
    looker.poll(repository)
    assert desk.item(8)["spec"]["number"] == 8
    assert desk.peer.asked == asked + 1
    assert to_poll(looker) == [], "not before its time"


def test_a_list_that_failed_is_asked_for_again_in_its_time(desk: Desk) -> None:
    looker = desk.looker(poll_seconds=0, calls_per_hour=10**9)
    desk.peer.listing = Refused("403")
    for _ in range(2):
        (repository,) = to_poll(looker)
        looker.poll(repository)
    assert desk.peer.tags == ["", ""]


def test_a_list_finds_the_command_of_which_no_webhook_told(desk: Desk) -> None:
    looker = desk.looker(poll_seconds=1, calls_per_hour=10**9)
    looker.preview_changed(desk.name(), desk.item())
    opened, written = desk.peer.found, desk.item()["metadata"]["creationTimestamp"]
    assert not isinstance(opened, Exception)
    said = {
        11: Comment(11, NUMBER, "ada", "/preview stop", "2026-01-01T00:00:00Z"),
        12: Comment(12, NUMBER, "ada", "/preview pin", written, edited=True),
        13: Comment(13, NUMBER, "ada", "fine", written),
        14: Comment(14, 999, "ada", "/retest", written),
        15: Comment(15, NUMBER, "ada", "/retest", written),
    }
    desk.peer.said = said
    desk.peer.permissions["ada"] = Permission.WRITE
    for update, asked in (("2026-11-30T01:00:00Z", 2), ("2026-11-30T02:00:00Z", 4)):
        desk.peer.listing = Listing((replace(opened, updated=update),), complete=True)
        for _ in range(4):
            looker.poll(f"{OWNER}/{desk.repo}")
            looker.preview_changed(desk.name(), desk.item())
        assert list(desk.commands()) == ["15"]
        assert len(desk.peer.listed) == asked
    assert desk.peer.listed[1:3] == ["2026-11-30T01:00:00Z"] * 2
    desk.peer.wrong["comments"] = Refused("403")
    desk.peer.said |= {16: replace(said[15], id=16)}
    desk.peer.listing = Listing((replace(opened, updated="2026-11-30T03:00:00Z"),), complete=True)
    looker.poll(f"{OWNER}/{desk.repo}")
    assert list(desk.commands()) == ["15"]
    del desk.peer.wrong["comments"]
    looker.poll(f"{OWNER}/{desk.repo}")
    assert list(desk.commands()) == ["15", "16"], "what could not be read is read later"


def test_a_command_for_which_there_is_no_room_is_found_when_there_is(desk: Desk) -> None:
    """And it holds up nobody's at another pull request, nor the receiver's answer."""
    looker = desk.looker(poll_seconds=1, calls_per_hour=10**9)
    desk.acting.create(OWNER, desk.repo, 8)
    desk.wish(commands={str(number): {"done": True} for number in range(1, 101)})
    receiver.store(desk.admin, NAMESPACE, Hint(OWNER, desk.repo, NUMBER, comment=500), "d-1")
    look = desk.item()["metadata"]["annotations"][labels.LOOK]
    assert look.endswith(" d-1")
    written = desk.item()["metadata"]["creationTimestamp"]
    for comment, number in ((500, NUMBER), (501, 8)):
        desk.peer.said[comment] = Comment(comment, number, "ada", "/preview pin", written)
        desk.peer.said[comment + 10] = Comment(comment + 10, number, "mallory", "/preview stop", written)
    desk.peer.permissions["ada"] = Permission.WRITE
    opened = desk.peer.found
    assert not isinstance(opened, Exception)
    both = [replace(opened, number=number, updated="2026-11-30T01:00:00Z") for number in (NUMBER, 8)]
    desk.peer.listing = Listing(tuple(both), complete=True)

    def poll() -> None:
        for number in (NUMBER, 8):
            looker.preview_changed(desk.name(number), desk.item(number))
        looker.poll(f"{OWNER}/{desk.repo}")

    for _ in range(3):
        poll()
    assert list(desk.item(8)["spec"]["commands"]) == ["501"], "who may not write is not put down by a list"
    assert "500" not in desk.commands()
    desk.wish(commands={"1": None})
    poll()
    assert "500" in desk.commands()


# Commands.


@pytest.mark.parametrize(
    ("body", "author", "done", "why"),
    [
        ("/preview pin", "ada", True, ""),
        ("/preview pin", "mallory", False, "mallory has no write permission here"),
        ("thank you", "ada", False, "there is no command in it any more"),
        ("", "ada", False, "the comment is gone"),
    ],
)
def test_a_command_is_read_where_it_was_written(desk: Desk, body: str, author: str, done: bool, why: str) -> None:
    looker = desk.looker()
    desk.say(12, body, author)
    if not body:
        desk.peer.said.clear()
    for _ in range(3):
        looker.look(desk.name())
    assert desk.commands()["12"] == {"done": done, "why": why, "answered": True}
    assert desk.item()["spec"].get("pinned", False) == done
    assert desk.peer.answers == ([(12, done, why)] if body else []), "nobody is there to be answered"


def test_an_answer_is_tried_again_and_the_deed_is_done_once(desk: Desk) -> None:
    looker = desk.looker()
    desk.say(12, "/preview extend 2h")
    desk.peer.wrong["answer"] = Refused("403")
    for _ in range(3):
        looker.look(desk.name())
    expires = desk.item()["spec"]["expires"]
    # It is not read again either.
    desk.peer.said[12] = replace(desk.peer.said[12], body="/preview extend 99h")
    desk.peer.wrong.clear()
    # What was refused waits; a process that begins anew knows nothing of that.
    desk.looker().look(desk.name())
    assert desk.peer.answers == [(12, True, "")]
    assert desk.item()["spec"]["expires"] == expires


def test_who_blocks_our_account_gets_no_answer_and_holds_nobody_up(desk: Desk) -> None:
    looker = desk.looker()
    desk.say(12, "/retest", author="mallory")
    desk.peer.wrong["answer"] = Refused("403")
    looker.look(desk.name())
    looker.look(desk.name())
    desk.say(13, "/preview stop")
    looker.look(desk.name())
    assert desk.item()["spec"]["stop"] == commit(1)
    assert looker._obeying
    for _ in range(TRIES):
        # Its pause is over.
        looker._obeying._refused = Pauses()
        looker.look(desk.name())
    assert desk.commands()["12"]["answered"], "it is tried no more"


def test_who_may_not_write_is_told_so_once(desk: Desk) -> None:
    looker = desk.looker()
    for number in range(12, 17):
        desk.say(number, "/retest", author="mallory")
    desk.say(20, "/preview stop", author="eve")
    for _ in range(14):
        looker.look(desk.name())
    assert [command.get("answered") for command in desk.commands().values()] == [True] * 6
    assert [number for number, _, _ in desk.peer.answers] == [12, 20]
    assert desk.peer.asked_permission == 2


def test_a_command_for_what_is_over_is_refused(desk: Desk) -> None:
    looker = desk.looker()
    opened = desk.peer.found
    assert not isinstance(opened, Exception)
    desk.peer.found = replace(opened, open=False)
    desk.say(12, "/retest")
    desk.say(13, "/preview pin")
    for _ in range(6):
        looker.look(desk.name())
    assert [(number, done) for number, done, _ in desk.peer.answers] == [(12, False), (13, False)]
    assert "retest" not in desk.item()["spec"]


def test_a_refusal_that_could_not_be_written_is_given_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looker, read = desk.looker(), desk.peer.comment
    desk.say(12, "/preview stop", author="mallory")

    def meanwhile(owner: str, repo: str, number: int, comment: int) -> Comment:
        desk.news()
        return read(owner, repo, number, comment)

    with monkeypatch.context() as patch, pytest.raises(ApiError, match="modified"):
        patch.setattr(desk.peer, "comment", meanwhile)
        looker.look(desk.name())
    for _ in range(2):
        looker.look(desk.name())
    assert desk.peer.answers == [(12, False, "mallory has no write permission here")]


def test_commands_are_obeyed_one_by_one_the_oldest_first(desk: Desk) -> None:
    looker = desk.looker()
    for number, body in ((100, "/preview stop"), (9, "/preview pin"), (20, "/retest")):
        desk.say(number, body)
    for _ in range(6):
        looker.look(desk.name())
    assert [number for number, _, _ in desk.peer.answers] == [9, 20, 100]
    assert desk.item()["spec"]["stop"] == commit(1)


def test_the_list_of_commands_stays_short_and_an_old_delivery_does_nothing(desk: Desk) -> None:
    desk.wish(commands={str(number): {"done": True, "answered": True} for number in range(1, LISTED + 3)})
    looker = desk.looker()
    looker.look(desk.name())
    assert sorted(map(int, desk.commands())) == list(range(3, LISTED + 3))
    assert desk.item()["spec"]["commandsBefore"] == 2
    desk.say(2, "/preview stop")
    looker.look(desk.name())
    assert "2" not in desk.commands()
    assert desk.peer.answers == []


# The queue.


def test_one_that_waits_says_its_place_and_starts_when_there_is_room(desk: Desk) -> None:
    looker = desk.looker(limits=Limits(runs=1), calls_per_hour=10**6)
    opened = desk.peer.found
    assert not isinstance(opened, Exception)
    for number in (NUMBER, 8, 9):
        desk.acting.create(OWNER, desk.repo, number)
        looker.preview_changed(desk.name(number), desk.item(number))
        desk.peer.found = replace(opened, number=number)
        looker.look(desk.name(number))
    assert [desk.status(number).get("place") for number in (NUMBER, 8, 9)] == [0, 1, 2]
    assert (desk.workflows(8), desk.workflows(9)) == ([], [])
    assert [report.verdict for report in desk.peer.told] == [Verdict.RUNNING, Verdict.WAITING, Verdict.WAITING]
    over = desk.becomes("Succeeded")
    assert looker.workflow_changed(over["metadata"]["name"], over) == desk.name()
    looker.look(desk.name(9))
    looker.look(desk.name(8))
    assert (len(desk.workflows(8)), desk.workflows(9)) == (1, [])
    assert desk.status(9)["place"] == 1
    # Its Workflow was deleted.
    assert looker.workflow_changed(over["metadata"]["name"], None) == desk.name()
    assert looker.workflow_changed("unknown", None) == ""


def test_replicas_that_look_at_once_keep_the_limits(desk: Desk) -> None:
    """Each sees all, and all want to start at once."""
    numbers, limits = range(20, 29), Limits(runs=3, each=2)
    lookers = [desk.looker(limits=limits, repositories=Repositories(()), decision=Settings()) for _ in range(3)]
    for number in numbers:
        desk.acting.create(OWNER, f"{desk.repo}-{number % 3}", number)
    previews = [names.pull_request(OWNER, f"{desk.repo}-{number % 3}", number) for number in numbers]
    for name in previews:
        desk.acting.wish(name, {"head": commit(1)})
    most: list[int] = []
    ended: set[str] = set()
    while len(ended) < len(previews):
        begin = Barrier(len(lookers))

        def look(looker: Looker, begin: Barrier = begin) -> None:
            for name in random.Random(id(looker)).sample(previews, len(previews)):  # noqa: S311
                looker.preview_changed(name, kube.as_dict(desk.admin.get(objects.Resource, name, namespace=NAMESPACE)))
            for item in desk.admin.list(kube.Workflow, namespace=NAMESPACE):
                workflow = kube.as_dict(item)
                looker.workflow_changed(workflow["metadata"]["name"], workflow)
            begin.wait()
            for name in waiting(looker):
                with suppress(ApiError):
                    looker.look(name)

        with ThreadPoolExecutor(len(lookers)) as pool:
            list(pool.map(look, lookers))
        live = [each for each in map(kube.as_dict, desk.admin.list(kube.Workflow, namespace=NAMESPACE))]
        live = [each for each in live if objects.live(each)]
        most.append(len(live))
        here = Counter(objects.repository(each) for each in live)
        assert len(live) <= 3 and all(number <= 2 for number in here.values()), here
        for each in live[:1]:
            name = each["metadata"]["name"]
            status = {"status": {"phase": "Failed", "finishedAt": now()}}
            desk.admin.patch(kube.Workflow, name, status, namespace=NAMESPACE, patch_type=PatchType.MERGE)
            ended.add(objects.pull_request(each))
    assert max(most) == 3
    for name in previews:
        desk.admin.delete(objects.Resource, name, namespace=NAMESPACE)


def test_without_what_the_chart_makes_for_it_nothing_starts(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    name, made = desk.name(), f"{RELEASE}-queue"
    desk.admin.delete(ConfigMap, made, namespace=NAMESPACE)
    looker = desk.looker(limits=Limits(runs=1))
    try:
        looker.look(name)
        assert desk.workflows() == []
        assert f"ConfigMap {made} is not there" in caplog.text
    finally:
        desk.admin.create(ConfigMap(metadata=ObjectMeta(name=made, namespace=NAMESPACE)))
    looker.look(name)
    assert len(desk.workflows()) == 1
