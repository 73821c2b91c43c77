"""A model of a forge, a cluster and controllers, where anything happens in any order; and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from implementation_dag.base import moments
from implementation_dag.contract import names
from implementation_dag.forge.model import Changes, PullRequest
from implementation_dag.pull_requests import gates, runs
from implementation_dag.pull_requests.decide import NOW, decide
from implementation_dag.pull_requests.model import (
    Action,
    Cause,
    Follow,
    Kind,
    Phase,
    Preview,
    RunPhase,
    Seen,
    SetStatus,
    Settings,
    Spec,
    StartRun,
    Status,
    StopRun,
    Turn,
    Workflow,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
NAME = names.pull_request("acme", "shop", 7)
SETTINGS = Settings(kind="gitea", labels=("preview",), drafts=False, agents=("rex[bot]",), ttl_hours=24)
CONTROLLERS = 2


def commit(number: int) -> str:
    return f"{number:040x}"


def opened() -> PullRequest:
    return PullRequest(
        "acme", "shop", 7, commit(1), "change", "main", "ada", open=True, labels=frozenset({"preview"}), title="x"
    )


class Conflict(Exception):
    """The API server refuses what was decided on another version."""


@dataclass
class World:
    """Everything that is; each method is one thing that happens."""

    settings: Settings = SETTINGS
    now: datetime = START
    pull_request: PullRequest = field(default_factory=opened)
    answers: list[PullRequest] = field(default_factory=lambda: [opened()])
    spec: Spec | None = None
    status: Status = field(default_factory=Status)
    version: int = 0
    workflows: dict[str, Workflow] = field(default_factory=dict)
    # What each controller has decided and not yet done, with the version that it saw.
    pending: list[list[tuple[str, Action]]] = field(default_factory=lambda: [[] for _ in range(CONTROLLERS)])
    # What was ever true: proofs.
    allowed: set[str] = field(default_factory=set)
    was_closed: bool = False
    was_stopped: bool = False
    commits: int = 1
    started: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, fork: bool) -> World:
        """A world whose pull request comes from a fork, or not: that never changes."""
        first = replace(opened(), fork=fork)
        return cls(pull_request=first, answers=[first])

    # The forge.

    def change(self, **changes: Any) -> None:
        self.pull_request = replace(self.pull_request, **changes)
        self.answers.append(self.pull_request)
        self.was_closed |= not self.pull_request.open

    def push(self) -> None:
        self.commits += 1
        self.change(head=commit(self.commits))

    # The cluster.

    def wish(self, **changes: Any) -> None:
        if self.spec:
            self.spec = replace(self.spec, **changes)
            self.version += 1
            if self.spec.ok_to_test:
                self.allowed.add(self.spec.ok_to_test)
            self.was_stopped |= bool(self.spec.stop)

    def create(self) -> None:
        """The receiver, or the poll, makes the Preview where there is none."""
        if self.spec is None:
            self.spec, self.status = Spec("acme", "shop", 7), Status()
            self.version += 1

    def delete_preview(self) -> None:
        if not any(self.pending):
            self.spec, self.status = None, Status()

    def pass_time(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def progress(self, good: bool) -> None:
        """The Workflow that lives comes to its end."""
        for workflow in self.live():
            well, ended = good and not workflow.stopping, moments.stamp(self.now)
            self.workflows[workflow.name] = replace(workflow, over=True, good=well, ended=ended)
            return

    def delete_workflow(self, over: bool) -> None:
        """Its time to live is over, or a person deletes it; both take longer than a look."""
        for workflow in list(self.workflows.values()):
            if workflow.over == over and not any(self.pending):
                del self.workflows[workflow.name]
                return

    def submit(self) -> None:
        """A person starts a run by hand."""
        self.workflows.setdefault("by-hand", Workflow("by-hand", 0, Kind.TEST, commit(1), over=False))

    def live(self) -> list[Workflow]:
        return [workflow for workflow in self.workflows.values() if not workflow.over]

    # The controllers.

    def preview(self) -> Preview | None:
        return Preview(NAME, self.spec, self.status, str(self.version)) if self.spec else None

    def look(self, controller: int, answer: PullRequest | None, turn: Turn = NOW) -> None:
        """A controller reads the Preview, then the Workflows, and decides."""
        preview = self.preview()
        if preview is None:
            return
        seen = Seen(answer, Changes(("src/x.py",))) if answer else None
        actions = decide(seen, preview, tuple(self.workflows.values()), self.settings, self.now, turn)
        starts = any(isinstance(action, StartRun) for action in actions)
        assert not (starts and self.live()), "a run is to be started while another lives"
        self.pending[controller] = [(preview.version, action) for action in actions]

    def act(self, controller: int) -> None:
        """It does the next thing that it decided; where that is refused it forgets the others."""
        if self.pending[controller]:
            version, action = self.pending[controller].pop(0)
            try:
                self._do(version, action, controller)
            except Conflict:
                self.pending[controller] = []

    def crash(self, controller: int) -> None:
        self.pending[controller] = []

    def _do(self, version: str, action: Action, controller: int) -> None:
        if isinstance(action, Follow | SetStatus):
            if self.spec is None or version != str(self.version):
                raise Conflict
            if isinstance(action, Follow):
                self.spec = followed(self.spec, action.spec)
            else:
                self.status = action.status
            self.version += 1
            # What it wrote it knows the version of.
            self.pending[controller] = [(str(self.version), each) for _, each in self.pending[controller]]
        elif isinstance(action, StartRun):
            run = action.run
            if run.name in self.workflows:
                raise Conflict
            self._check_start(action)
            self.started.append(run.name)
            self.workflows[run.name] = Workflow(
                run.name, run.number, run.kind, run.commit, over=False, started=moments.stamp(self.now)
            )
        else:
            self._stop(action)

    def _stop(self, action: StopRun) -> None:
        if action.workflow not in self.workflows:
            raise Conflict
        workflow = self.workflows[action.workflow]
        if not workflow.over:
            self.workflows[action.workflow] = replace(workflow, stopping=True)

    # What must hold.

    def _check_start(self, action: StartRun) -> None:
        run = action.run
        assert self.started.count(run.name) == 0 or run.name not in self.workflows, f"{run.name} was started twice"
        if run.kind == Kind.TEST and self.pull_request.fork:
            assert run.commit in self.allowed, "a fork's commit runs that nobody let run"
        proofs: Mapping[Cause, bool] = {
            Cause.CLOSED: self.was_closed,
            Cause.STOPPED: self.was_stopped,
            Cause.EXPIRED: self.now > START + timedelta(hours=1),
        }
        if run.kind == Kind.END:
            assert proofs.get(run.cause, False), f"the preview is taken away without proof: {run.cause!r}"

    def check(self) -> None:
        living = [workflow for workflow in self.live() if workflow.number]
        assert len(living) <= 1, f"more than one run lives: {living}"

    def settle(self) -> None:
        """Everything works again and nothing more happens: in bounded time all is as it should be, and stays."""
        for controller in range(CONTROLLERS):
            self.crash(controller)
        self.create()
        waited = False
        for _ in range(60):
            self.look(0, self.pull_request)
            if not self.pending[0]:
                if self.live():
                    self._right_runs_live()
                    self.progress(good=True)
                elif waited:
                    break
                else:
                    # What failed to end the preview is tried again after a time.
                    self.pass_time(0.1)
                    waited = True
            while self.pending[0]:
                self.act(0)
                self.check()
        else:
            raise AssertionError(f"it does not come to rest: {self.status}")
        self._settled()

    def _right_runs_live(self) -> None:
        assert self.spec is not None
        for workflow in self.live():
            fine = workflow.commit == self.spec.head or workflow.kind == Kind.END or not workflow.number
            assert fine or workflow.stopping, f"{workflow} goes on for a commit that is no head any more"

    def _settled(self) -> None:
        assert self.spec is not None
        spec, run = self.spec, self.status.run
        assert spec.head == self.pull_request.head
        gone = not self.pull_request.open or spec.stop == spec.head
        if gone and not (spec.pinned and not self.pull_request.open and spec.stop != spec.head):
            assert self.status.phase == Phase.ENDED, self.status
            assert run is None or (run.kind == Kind.END and run.phase == RunPhase.SUCCEEDED)
        elif self.pull_request.open and not gates.refusal(spec, Seen(self.pull_request, Changes(())), self.settings):
            over = spec.expires and moments.read(spec.expires) <= self.now and not spec.pinned
            assert over or runs.fulfilled(run, spec), self.status
        self.check()


def followed(spec: Spec, changes: Mapping[str, Any]) -> Spec:
    """The wish with a merge patch laid over it."""
    given: dict[str, Any] = dict(changes)
    source = given.pop("source", {})
    if given.get("expires", "") is None:
        given["expires"] = ""
    return replace(spec, **given, **source)


Step = Callable[[World], None]
