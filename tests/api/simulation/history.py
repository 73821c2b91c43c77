"""One seeded history of a pull request: people, forge, cluster and our controllers in any order, with faults between.

After Sieve (OSDI '22): our controllers see intermediate states (killed between two calls), stale ones (what they
remember is late) and miss others (what came and went between two looks). Then all works again, and all must come right.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
from lightkube import ApiError

from implementation_dag.base import kube, moments
from implementation_dag.contract import labels, names
from implementation_dag.forge.errors import Unavailable
from implementation_dag.forge.model import Listing, PullRequest, Verdict
from implementation_dag.pull_requests import gates, objects, receiver, runs
from implementation_dag.pull_requests.deliveries import Hint
from implementation_dag.pull_requests.model import Kind, Phase, Preview, RunPhase, Seen
from tests.api.previews import NAMESPACE
from tests.unit.pull_requests.peer import Peer
from tests.unit.pull_requests.world import commit, opened

from .clock import Clock
from .cluster import OWNER, Cluster, gone, phase
from .replica import Replica
from .wire import Dies, Fault, Wire

Object = dict[str, Any]
NUMBER = 7
WORDS = ("extend", "pin", "unpin", "stop", "retest", "suspend", "resume")
LONGEST = 80
AFTER_FAULT = (ApiError, httpx2.HTTPError)


@dataclass
class History:
    """Everything that is; `chance` decides what happens next, and nothing else does."""

    chance: random.Random
    cluster: Cluster
    replicas: list[Replica]
    clock: Clock
    peer: Peer
    wires: list[Wire]
    # All that went over any wire: two plays of a seed have the same.
    trace: list[str]
    most_faults: int = 4
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    commits: int = 1
    # Whatever was ever true, and so is a proof.
    closed: bool = False
    stopped: bool = False
    deleted: bool = False
    waiting: bool = False

    def __post_init__(self) -> None:
        self.found: PullRequest = replace(opened(), repo=self.cluster.repo, labels=frozenset(), fork=False)
        self.says(updated=moments.stamp(moments.now()))
        for wire in self.wires:
            wire.fault, wire.done = self.fault, self.done

    # What goes wrong.

    def fault(self, _: Wire, request: httpx2.Request) -> Fault | None:
        """Say what goes wrong with a call, now and then."""
        if len(self.faults) >= self.most_faults or self.chance.random() > 0.06:
            return None
        known = [each for each in Fault if each is not Fault.CONFLICT or request.method != "GET"]
        found = self.chance.choice(known)
        self.faults.append(f"{found}: {request.method} {request.url.path}")
        self.told.append(f"  {self.faults[-1]}")
        return found

    def done(self, wire: Wire, request: httpx2.Request, answer: httpx2.Response) -> None:
        """Check what one of our processes has just done."""
        method, path, body = request.method, request.url.path, request.read()
        if method in ("GET", "HEAD"):
            return
        self.cluster.done(method, path, json.loads(body or b"{}"))
        if method == "POST" and path.endswith("/workflows"):
            self.started(body)
        if method == "DELETE" and path.endswith(f"/{self.cluster.namespace_name}") and wire.name.startswith("reaper"):
            self.reaped(json.loads(answer.content))

    def started(self, body: bytes) -> None:
        """Check that no run of ours was started while another lives, and none ends a preview without a proof."""
        live = [item["metadata"]["name"] for item in self.cluster.live() if labels.PULL_REQUEST in marks(item)]
        assert len(live) <= 1, f"more than one run lives: {live}"
        if f'"entrypoint":"{objects.END}"' in body.decode().replace(" ", ""):
            assert self.proof(), "a preview is to end without a proof"

    def reaped(self, space: Object) -> None:
        """Check that the reaper took no preview from a run that lives, or that nobody ends."""
        holder = marks(space).get(labels.WORKFLOW)
        live = [item["metadata"]["name"] for item in self.cluster.live()]
        assert holder not in live or self.proof(), f"the reaper took the preview of {holder}, which lives"

    def proof(self) -> bool:
        """Whether anything has ever said that the preview is to go."""
        over = self.expires() and moments.read(self.expires()) <= moments.now()
        return bool(self.closed or self.stopped or over)

    def expires(self) -> str:
        """Return when the Preview says that it has to go."""
        item = self.preview() or {}
        return (item.get("spec") or {}).get("expires") or (item.get("status") or {}).get("expires") or ""

    # The forge.

    def says(self, **changes: Any) -> None:
        """Let the forge have other news of the pull request."""
        self.found = replace(self.found, **changes)
        self.closed |= not self.found.open
        self.peer.found = self.found
        self.peer.listing = Listing((self.found,) if self.found.open else (), complete=True)

    def news(self, **changes: Any) -> None:
        """Let something happen at the forge, of which a webhook tells, or is lost."""
        self.says(updated=moments.stamp(moments.now()), **changes)
        if self.chance.random() < 0.7:
            receiver.store(self.cluster.admin, NAMESPACE, Hint(OWNER, self.cluster.repo, NUMBER), f"d-{len(self.told)}")

    def push(self) -> None:
        """Let the author push."""
        self.commits += 1
        self.news(head=commit(self.commits))

    def fails(self) -> None:
        """Let the forge answer nothing for a time."""
        self.peer.found = self.peer.listing = Unavailable("simulated")

    # People.

    def preview(self) -> Object | None:
        """Return the Preview as it is stored."""
        try:
            return kube.as_dict(self.cluster.admin.get(objects.Resource, self.name, namespace=NAMESPACE))
        except ApiError as error:
            if error.status.code != 404:
                raise
            return None

    @property
    def name(self) -> str:
        """The Preview's name."""
        return names.pull_request(OWNER, self.cluster.repo, NUMBER)

    def wish(self, what: str) -> None:
        """Let somebody wish something of the preview."""
        item = self.preview()
        if item is None:
            return
        head = item["spec"].get("head") or commit(1)
        self.stopped |= what == "stop"
        changes: dict[str, Object] = {
            "extend": {"expires": moments.stamp(moments.now() + timedelta(hours=3))},
            "pin": {"pinned": True},
            "unpin": {"pinned": False},
            "stop": {"stop": head},
            "retest": {"retest": str(len(self.told))},
            "suspend": {"suspend": True},
            "resume": {"suspend": False},
        }
        self.replicas[0].acting(self.cluster.admin).wish(self.name, changes[what])

    def delete_preview(self) -> None:
        """Let a person delete the Preview."""
        self.deleted = True
        gone(self.cluster.admin, objects.Resource, self.name)

    def workflow(self, what: str) -> None:
        """Let a person, or the time to live, do something to a Workflow."""
        found = self.cluster.workflows()
        if what == "submit":
            self._submit()
        elif what == "old":
            for item in found:
                if phase(item) in objects.OVER:
                    gone(self.cluster.admin, kube.Workflow, item["metadata"]["name"])
        elif live := [item for item in found if phase(item) not in objects.OVER]:
            name = self.chance.choice(live)["metadata"]["name"]
            if what == "delete":
                gone(self.cluster.admin, kube.Workflow, name)
            else:
                self.cluster.admin.patch(kube.Workflow, name, {"spec": {"shutdown": what}}, namespace=NAMESPACE)

    def _submit(self) -> None:
        of = {"owner": OWNER, "repo": self.cluster.repo, "pr": str(NUMBER), "commit": commit(self.commits)}
        item: Object = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": f"by-hand-{self.cluster.repo}-{len(self.told)}", "namespace": NAMESPACE},
            "spec": {"arguments": {"parameters": [{"name": key, "value": value} for key, value in of.items()]}},
        }
        self.cluster.admin.create(kube.Workflow.from_dict(item))

    # What happens.

    def goes(self, replica: Replica) -> None:
        """Let one thing happen, by chance; if one of our processes does something, it is this replica."""
        chance = self.chance
        anything: list[tuple[str, int, Callable[[], object]]] = [
            ("push", 2, self.push),
            ("close or open", 2, lambda: self.news(open=chance.random() < 0.5)),
            ("wish", 3, lambda: self.wish(chance.choice(WORDS))),
            ("the forge fails", 1, self.fails),
            ("the forge answers", 2, self.says),
            ("the Preview is deleted", 1, self.delete_preview),
            ("Workflow", 3, lambda: self.workflow(chance.choice(["Stop", "Terminate", "delete", "old", "submit"]))),
            ("time", 3, lambda: self.clock.ahead(chance.choice([5, 400, 3 * 3600, 30 * 3600]))),
            ("Argo", 14, self.argo),
            ("nodes", 4, lambda: self.cluster.nodes(chance.random() < 0.8)),
            ("namespaces", 2, self.cluster.namespaces),
            ("garbage", 1, self.cluster.garbage),
            ("restart", 1, replica.restart),
            ("events", 10, lambda: replica.observe(self, self.cluster.workflows())),
            ("looks", 12, lambda: replica.looks(self.cluster)),
            ("reaper", 3, replica.reaps),
        ]
        what, _, happens = chance.choices(anything, [weight for _, weight, _ in anything])[0]
        self.told.append(what)
        self.one(happens, replica)

    def one(self, happens: Callable[[], object], replica: Replica) -> None:
        """Let it happen; a process that dies begins anew, and what failed is looked at again by itself."""
        try:
            happens()
        except Dies:
            replica.restart()
        except AFTER_FAULT as error:
            if not isinstance(error, ApiError | httpx2.TransportError):
                raise
            self.told.append(f"  {type(error).__name__}: {error}"[:200])

    def argo(self) -> None:
        """Bring one Workflow a step on."""
        if live := self.cluster.live():
            item = self.chance.choice(live)
            if self.chance.random() < 0.1:
                self.cluster.fails.add(item["metadata"]["name"])
            self.cluster.run(item)

    def meanwhile(self) -> None:
        """While a step waits, the others go on."""
        if not self.waiting:
            self.waiting = True
            self.others()
            self.one(lambda: self.replicas[0].docsruns(self.cluster), self.replicas[0])
            self.waiting = False

    # The end.

    def settle(self) -> None:
        """Everything works again and nothing more happens: in bounded time all is as it should be, and stays."""
        self.told.append("settle")
        self.most_faults = 0
        self.says()
        waited = False
        for _ in range(LONGEST):
            before, workflows = self.written(), self.cluster.workflows()
            live = [item for item in workflows if phase(item) not in objects.OVER]
            for item in live:
                self.cluster.run(item)
            self.others()
            # There is one controller of pull requests (decision 100): what another knew is of the time before.
            replica = self.replicas[0]
            replica.observe(self, workflows)
            replica.looks(self.cluster, everything=True)
            if not live and self.written() == before:
                replica.reaps()
            if live or self.written() != before:
                waited = False
                self.clock.ahead(20)
            elif waited:
                break
            else:
                # What failed to take a preview away is tried again after a time.
                self.clock.ahead(600)
                waited = True
        else:
            raise AssertionError(f"it does not come to rest: {self.preview()}")
        self.cluster.garbage()
        self.check()

    def others(self) -> None:
        """Let Kubernetes and its node do what they have to."""
        self.cluster.nodes()
        self.cluster.namespaces()

    def written(self) -> int:
        """Count what our processes have written."""
        return sum(wire.written for wire in self.wires)

    def check(self) -> None:
        """Hold what is to what the forge and the people want."""
        item, space = self.preview(), self.cluster.namespace()
        if item is None:
            assert not self.found.open, "the pull request has no Preview"
            assert _persons(space) or space is None, f"a preview is left that nobody wants: {space}"
            return
        preview = objects.preview(item)
        status, spec = preview.status, preview.spec
        assert spec.head == self.found.head or not self.found.open
        run = status.run
        if wanted_gone := self._wanted_gone(preview):
            assert status.phase == Phase.ENDED, (wanted_gone, status)
            assert _persons(space) or space is None, f"a preview is left though {wanted_gone}: {space}"
        elif self.found.open and not gates.refusal(spec, Seen(self.found), self.replicas[0].told.decision):
            assert runs.fulfilled(run, spec), status
        if status.phase == Phase.READY and run and run.kind == Kind.TEST and run.phase == RunPhase.SUCCEEDED:
            assert space, "a preview is ready, and is not there"
        self._nothing_left(space)
        self._people(preview)

    def _wanted_gone(self, preview: Preview) -> str:
        spec = preview.spec
        if spec.stop and spec.stop == spec.head:
            return "it was stopped"
        if not self.found.open and not spec.pinned:
            return "the pull request is closed"
        if spec.expires and not spec.pinned and moments.read(spec.expires) <= moments.now():
            return "its time is over"
        return ""

    def _nothing_left(self, space: Object | None) -> None:
        uids = {each["metadata"]["uid"] for each in self.cluster.workflows()}
        for docsrun in self.cluster.all(kube.DocsRun):
            assert uids & {each["uid"] for each in docsrun["metadata"]["ownerReferences"]}, f"{docsrun} has no owner"
            found = (docsrun.get("status") or {}).get("phase")
            assert found in ("Succeeded", "Failed"), docsrun
        if space:
            holder = marks(space).get(labels.WORKFLOW)
            run = next((each for each in self.cluster.workflows() if each["metadata"]["name"] == holder), None)
            good = run is None or phase(run) == "Succeeded"
            assert good, f"the preview of {holder}, which is {phase(run or {})}, is left: {space['metadata']}"

    def _people(self, preview: Preview) -> None:
        """What people are told is true, and only what was tested is approved."""
        status, spec, told = preview.status, preview.spec, self.peer.told
        there = {each["metadata"]["name"] for each in self.cluster.workflows()}
        tests = [run for run in (status.run, *status.history) if run and run.kind == Kind.TEST and run.name in there]
        for run in tests:
            last = [report for report in told if report.run == run.name][-1:]
            assert [report.verdict for report in last] == [runs.verdict(run)], f"{run.name}: {last}, {status}"
        # A Preview speaks of its head where that has, or is refused, a run; its last word is what people see.
        newest = runs.newest_test(status.run, status.history)
        if status.phase == Phase.REFUSED:
            assert (told[-1].commit, told[-1].verdict) == (spec.head, Verdict.REFUSED), (told[-1], status)
        elif newest in tests and spec.head in (newest.commit, *newest.made):
            assert (told[-1].run, told[-1].verdict) == (newest.name, status.verdict), (told[-1], status)
        for report in self.peer.reviewed:
            tested = self.cluster.good.get(report.run, "")
            assert report.verdict != Verdict.PASSED or tested == report.commit, f"{report} though {tested} was tested"


def marks(item: Object) -> dict[str, str]:
    """Return the labels of an object."""
    return item["metadata"].get("labels") or {}


def _persons(space: Object | None) -> bool:
    """Whether a preview is of a run that a person submitted: made after all was over, it stays for its time to live."""
    return space is not None and marks(space).get(labels.WORKFLOW, "").startswith("by-hand-")
