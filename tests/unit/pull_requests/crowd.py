"""Many pull requests, several replicas, limits: the real code, call by call, in any order, on an API server in memory.

Each replica runs in a thread of its own and stops before each call of the API server; a seed says who goes on. So a
history is the same each time, however finely replicas are mixed, and one can die between any two calls, its last call
done, not done, or done much later.
"""

from __future__ import annotations

import contextlib
import copy
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx2
from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import ConfigMap

from implementation_dag.base import kube, moments
from implementation_dag.contract import names
from implementation_dag.pull_requests import objects, runs
from implementation_dag.pull_requests.look import Looker
from implementation_dag.pull_requests.model import Kind, Phase, RunPhase, Settings
from implementation_dag.pull_requests.queue import Limits
from implementation_dag.pull_requests.repositories import Repositories
from implementation_dag.pull_requests.settings import Told

Object = dict[str, Any]
NAMESPACE, RELEASE = "workflows", "implementation-dag"
QUEUE = f"{RELEASE}-queue"
REPLICAS = 3
START = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """A replica that dies."""


class Api:
    """What the controller asks of the API server: versions, merge patches, labels. `before` comes before each call."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.before: Callable[[Callable[[], Any]], None] = lambda call: None
        self._version = 0

    def get(self, kind: Any, name: str, namespace: str) -> Any:
        return self._call(lambda: self._typed(kind, self._found(kind, name)))

    def list(self, kind: Any, namespace: str, labels: Mapping[str, str] | None = None) -> Iterator[Any]:
        def call() -> list[Any]:
            return [
                self._typed(kind, item)
                for (of, _), item in self.objects.items()
                if of == _kind(kind) and (labels or {}).items() <= (item["metadata"].get("labels") or {}).items()
            ]

        return iter(self._call(call))

    def create(self, item: Any) -> Any:
        return self._call(lambda: self.put(kube.as_dict(item)))

    def patch(self, kind: Any, name: str, patch: Object, namespace: str, patch_type: Any) -> Any:
        return self._call(lambda: self.merge(kind, name, patch))

    def put(self, item: Object) -> None:
        """Create an object."""
        key = (item["kind"], item["metadata"]["name"])
        if key in self.objects:
            raise _refused(409)
        self.objects[key] = copy.deepcopy(item)
        self._changed(self.objects[key])

    def merge(self, kind: Any, name: str, patch: Object) -> None:
        """Lay a patch over an object, or over its status alone."""
        item = self._found(kind, name)
        wanted = (patch.get("metadata") or {}).get("resourceVersion")
        if wanted not in (None, item["metadata"]["resourceVersion"]):
            raise _refused(409)
        before, only = copy.deepcopy(item), kind is objects.Resource.Status
        _lay(item, {key: value for key, value in patch.items() if key == "status" or not only})
        item["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        if item != before:
            self._changed(item)

    def _call(self, call: Callable[[], Any]) -> Any:
        self.before(call)
        return call()

    def _found(self, kind: Any, name: str) -> Object:
        if (_kind(kind), name) not in self.objects:
            raise _refused(404)
        return self.objects[_kind(kind), name]

    def _typed(self, kind: Any, item: Object) -> Any:
        found = copy.deepcopy(item)
        return from_dict(found) if kind is ConfigMap else kind.from_dict(found)

    def _changed(self, item: Object) -> None:
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)


def _kind(kind: Any) -> str:
    return {ConfigMap: "ConfigMap", kube.Workflow: "Workflow"}.get(kind, "Preview")


def _refused(code: int) -> ApiError:
    status = {"kind": "Status", "code": code, "message": "no", "reason": "Conflict"}
    return ApiError(response=httpx2.Response(code, json=status, request=httpx2.Request("GET", "https://cluster")))


def _lay(item: Object, patch: Object) -> None:
    for key, value in patch.items():
        if value is None:
            item.pop(key, None)
        elif isinstance(value, dict):
            _lay(item.setdefault(key, {}), value)
        else:
            item[key] = copy.deepcopy(value)


class Replica:
    """A controller whose looks stop before each call of the API server."""

    def __init__(self, api: Api, told: Told) -> None:
        self._api, self._told = api, told
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._dies, self._heard = False, set[str]()
        self.call: Callable[[], Any] | None = None
        self.looker = self._new()

    def _new(self) -> Looker:
        return Looker(cast(Client, self._api), self._told, None)

    def watch(self) -> None:
        """Hear of all that there is."""
        of = {kind: {name: item for (each, name), item in self._api.objects.items() if each == kind} for kind in KINDS}
        for name in sorted({name for name, _ in self.looker.known()} | of["Preview"].keys()):
            self.looker.preview_changed(name, copy.deepcopy(of["Preview"].get(name)))
        for name in sorted(self._heard | of["Workflow"].keys()):
            self.looker.workflow_changed(name, copy.deepcopy(of["Workflow"].get(name)))
        self._heard = set(of["Workflow"])

    def look(self, name: str) -> None:
        """Begin a look, if none goes on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(name,), daemon=True)
            self._thread.start()
            self._stopped.acquire()

    def _run(self, name: str) -> None:
        with contextlib.suppress(ApiError, Killed):
            self.looker.look(name)
        self.call, self._thread = None, None
        self._stopped.release()

    def pause(self, call: Callable[[], Any]) -> None:
        """Stop before a call, until it is told to go on."""
        self.call = call
        self._stopped.release()
        self._go.acquire()
        if self._dies:
            raise Killed

    def step(self) -> None:
        """Do the next call."""
        if self._thread:
            self._go.release()
            self._stopped.acquire()

    def kill(self) -> Callable[[], Any] | None:
        """Die, and forget everything; return the call that was on its way."""
        call, self._dies = self.call, True
        self.step()
        self._dies, self.looker, self._heard = False, self._new(), set()
        return call

    @property
    def busy(self) -> bool:
        """Whether a look goes on."""
        return self._thread is not None

    def mine(self) -> bool:
        """Whether the caller is this replica."""
        return threading.current_thread() is self._thread


KINDS = ("Preview", "Workflow", "ConfigMap")


@dataclass
class Crowd:
    """Everything that is; each method is one thing that happens."""

    limits: Limits
    chance: random.Random
    repositories: int = 3
    pulls: int = 4
    now: datetime = START
    api: Api = field(default_factory=Api)
    replicas: list[Replica] = field(default_factory=list)
    late: list[Callable[[], Any]] = field(default_factory=list)
    heads: int = 0
    by_hand: int = 0
    # Claims in the order in which they were seen.
    claimed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": QUEUE}})
        told = Told(NAMESPACE, RELEASE, Repositories(()), Settings(ttl_hours=3), limits=self.limits)
        self.replicas = [Replica(self.api, told) for _ in range(REPLICAS)]
        self.api.before = self._before

    def _before(self, call: Callable[[], Any]) -> None:
        for each in self.replicas:
            if each.mine():
                each.pause(call)

    # What people do.

    def any_pull(self) -> tuple[str, int]:
        return f"repo-{self.chance.randrange(self.repositories)}", self.chance.randrange(1, self.pulls + 1)

    def push(self, repo: str, number: int) -> None:
        """Wish a head; the Preview is made when it is not there."""
        self.heads += 1
        name = names.pull_request("acme", repo, number)
        if ("Preview", name) not in self.api.objects:
            self.api.put(objects.new("acme", repo, number, NAMESPACE))
        self.wish(name, {"head": f"{self.heads:040x}"})

    def wish(self, name: str, spec: Object) -> None:
        if ("Preview", name) in self.api.objects:
            self.api.merge(objects.Resource, name, {"spec": spec})

    def stop_or_retest(self, name: str) -> None:
        if item := self.api.objects.get(("Preview", name)):
            head = item["spec"].get("head", "")
            self.wish(name, {"stop": head} if self.chance.random() < 0.4 else {"retest": str(self.chance.random())})

    def submit(self, repo: str, number: int) -> None:
        """A person starts a run by hand."""
        self.by_hand += 1
        given = {"owner": "acme", "repo": repo, "pr": str(number)}
        spec = {"workflowTemplateRef": {"name": RELEASE}, "arguments": {"parameters": objects._parameters(given)}}
        self.api.put({"kind": "Workflow", "metadata": {"name": f"by-hand-{self.by_hand}"}, "spec": spec})

    # What Argo does.

    def workflows(self) -> list[Object]:
        return [item for (kind, _), item in self.api.objects.items() if kind == "Workflow"]

    def live(self) -> list[Object]:
        return [item for item in self.workflows() if objects.live(item)]

    def argo(self, ends: float) -> None:
        """Argo looks at one Workflow: it locks, begins, ends."""
        if not (live := self.live()):
            return
        item = self.chance.choice(live)
        phase = (item.get("status") or {}).get("phase")
        first = next(each for each in live if objects.pull_request(each) == objects.pull_request(item))
        running = [
            each for each in live
            if (each.get("status") or {}).get("phase") == "Running"
            and objects.pull_request(each) == objects.pull_request(item)
        ]  # fmt: skip
        if phase != "Running":
            if running or first is not item:
                holder = (running or [first])[0]["metadata"]["name"]
                lock = {"mutex": {"waiting": [{"holder": f"{NAMESPACE}/{holder}"}]}}
                self._becomes(item, {"phase": "Pending", "synchronization": lock})
            else:
                self._becomes(item, {"phase": "Running", "startedAt": moments.stamp(self.now), "synchronization": None})
        elif item["spec"].get("shutdown") or self.chance.random() < ends:
            good = not item["spec"].get("shutdown") and self.chance.random() < 0.7
            ended = {"phase": "Succeeded" if good else "Failed", "finishedAt": moments.stamp(self.now)}
            self._becomes(item, ended)

    def _becomes(self, item: Object, status: Object) -> None:
        self.api.merge(kube.Workflow, item["metadata"]["name"], {"status": status})

    def delete_workflow(self) -> None:
        if found := self.workflows():
            item = self.chance.choice(found)
            del self.api.objects["Workflow", item["metadata"]["name"]]

    # What replicas do.

    def look(self, replica: Replica) -> None:
        if replica.busy:
            return
        if self.chance.random() < 0.7:
            replica.watch()
        due = [name for name, item in replica.looker.known() if replica.looker.due(name, item)]
        if due:
            replica.look(self.chance.choice(due))

    def kill(self, replica: Replica) -> None:
        """Its last call is never done, or done later."""
        call = replica.kill()
        if call and self.chance.random() < 0.5:
            self.late.append(call)

    def late_call(self) -> None:
        if self.late:
            call = self.late.pop(self.chance.randrange(len(self.late)))
            with contextlib.suppress(ApiError):
                call()

    # What must hold.

    def previews(self) -> list[Object]:
        return [item for (kind, _), item in self.api.objects.items() if kind == "Preview"]

    def ours(self) -> dict[str, str]:
        """The pull requests of which the controller claimed a run or has one, with their repositories."""
        found = {}
        for item in self.previews():
            run = objects.preview(item).status.run
            if run and run.kind == Kind.TEST and run.phase == RunPhase.STARTING:
                found[item["metadata"]["name"]] = str(item["spec"]["repo"])
        for item in self.live():
            if objects.ours(item) and objects.runs_pipeline(item, RELEASE):
                found[objects.pull_request(item)] = objects.repository(item).partition("/")[2]
        return found

    def there(self) -> set[str]:
        """The pull requests whose preview may be there because of the controller."""
        kept = set(self.ours())
        for item in self.previews():
            status = objects.preview(item).status
            test = runs.newest_test(status.run, status.history)
            gone = status.run is not test and status.run and status.run.phase == RunPhase.SUCCEEDED
            if test and test.phase == RunPhase.SUCCEEDED and not gone:
                kept.add(item["metadata"]["name"])
        return kept

    def check(self) -> None:
        ours = self.ours()
        if self.limits.runs:
            assert len(ours) <= self.limits.runs, f"{len(ours)} runs live or are claimed"
        if self.limits.previews:
            assert len(self.there()) <= self.limits.previews, f"{self.there()} are there"
        for repo in set(ours.values()):
            here = sum(each == repo for each in ours.values())
            assert not self.limits.each or here <= self.limits.each, f"{here} runs of {repo}"
        running: dict[str, list[str]] = {}
        for item in self.live():
            if (item.get("status") or {}).get("phase") == "Running":
                running.setdefault(objects.pull_request(item), []).append(item["metadata"]["name"])
        assert all(len(each) == 1 for each in running.values()), running
        made: dict[str, list[str]] = {}
        for item in self.live():
            if objects.ours(item):
                made.setdefault(objects.pull_request(item), []).append(item["metadata"]["name"])
        assert all(len(each) == 1 for each in made.values()), made

    def settle(self) -> None:
        """Everything works and nothing more happens: whoever waits has its turn, and all comes to rest."""
        for each in self.replicas:
            self.kill(each)
        self.late.clear()
        replica = self.replicas[0]
        for _ in range(40 * self.repositories * self.pulls):
            # Those that have their preview give way when its time is over.
            self.now += timedelta(hours=1)
            replica.watch()
            due = [name for name, item in replica.looker.known() if replica.looker.due(name, item)]
            for name in due:
                replica.look(name)
                while replica.busy:
                    replica.step()
                    self.check()
            if not due and not self.live():
                break
            for _ in range(20):
                self.argo(ends=0.5)
                self.check()
        else:
            raise AssertionError(f"it does not come to rest: {[each.get('status') for each in self.previews()]}")
        for item in self.previews():
            preview = objects.preview(item)
            assert preview.status.phase in (Phase.READY, Phase.FAILED, Phase.ENDED), preview.status
            stopped = preview.spec.stop == preview.spec.head
            assert stopped or runs.fulfilled(preview.status.run, preview.spec), preview
