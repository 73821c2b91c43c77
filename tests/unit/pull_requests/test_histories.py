"""Whatever happens in whatever order: one live run at most, nothing taken away without proof, and all comes right."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from implementation_dag.base import moments
from implementation_dag.forge.model import PullRequest
from implementation_dag.pull_requests.decide import NOW
from implementation_dag.pull_requests.model import Turn
from tests.unit.pull_requests.world import CONTROLLERS, World

CONTROLLER = st.integers(0, CONTROLLERS - 1)
HISTORIES = 3000
STEPS = 60


class Histories(RuleBasedStateMachine):
    """hypothesis chooses what happens next, and shrinks what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(fork=st.booleans())
    def begin(self, fork: bool) -> None:
        self.world = World.of(fork)

    @rule()
    def push(self) -> None:
        self.world.push()

    @rule(opened=st.booleans())
    def close_or_reopen(self, opened: bool) -> None:
        self.world.change(open=opened)

    @rule(draft=st.booleans(), labelled=st.booleans())
    def edit(self, draft: bool, labelled: bool) -> None:
        self.world.change(draft=draft, labels=frozenset({"preview"} if labelled else ()))

    @rule()
    def webhook_or_poll(self) -> None:
        self.world.create()

    @rule(what=st.sampled_from(["ok", "stop", "retest", "pin", "unpin", "suspend", "resume", "extend"]))
    def wish(self, what: str) -> None:
        wish(self.world, what)

    @rule(hours=st.sampled_from([0.1, 2, 30]))
    def time_passes(self, hours: float) -> None:
        self.world.pass_time(hours)

    @rule(good=st.booleans())
    def run_ends(self, good: bool) -> None:
        self.world.progress(good)

    @rule(over=st.booleans())
    def workflow_is_deleted(self, over: bool) -> None:
        self.world.delete_workflow(over)

    @rule()
    def preview_is_deleted(self) -> None:
        self.world.delete_preview()

    @rule()
    def somebody_submits(self) -> None:
        self.world.submit()

    @rule(controller=CONTROLLER, data=st.data(), turn=st.sampled_from([NOW, Turn(1, "others were first")]))
    def look(self, controller: int, data: st.DataObject, turn: Turn) -> None:
        self.world.look(
            controller, data.draw(st.sampled_from([None, self.world.pull_request, *self.world.answers])), turn
        )

    @rule(controller=CONTROLLER)
    def act(self, controller: int) -> None:
        self.world.act(controller)

    @rule(controller=CONTROLLER)
    def crash(self, controller: int) -> None:
        self.world.crash(controller)

    @invariant()
    def holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.settle()


def wish(world: World, what: str) -> None:
    """Somebody changes the wish, by a command or by hand."""
    if world.spec is None:
        return
    changes: dict[str, dict[str, object]] = {
        "ok": {"ok_to_test": world.spec.head},
        "stop": {"stop": world.spec.head},
        "retest": {"retest": f"{len(world.started)}-{world.version}"},
        "pin": {"pinned": True},
        "unpin": {"pinned": False},
        "suspend": {"suspend": True},
        "resume": {"suspend": False},
        "extend": {"expires": moments.stamp(world.now + timedelta(hours=3))},
    }
    world.wish(**changes[what])


def happen(world: World, chance: random.Random) -> None:
    """One thing happens; controllers are busier than all others."""
    controller = chance.randrange(CONTROLLERS)
    anything = [
        lambda: world.push(),
        lambda: world.change(open=chance.random() < 0.6),
        lambda: world.change(draft=chance.random() < 0.3),
        lambda: world.change(labels=frozenset({"preview"} if chance.random() < 0.8 else ())),
        lambda: world.create(),
        lambda: wish(world, chance.choice(["ok", "stop", "retest", "pin", "unpin", "suspend", "resume", "extend"])),
        lambda: world.pass_time(chance.choice([0.1, 2, 30])),
        lambda: world.delete_workflow(chance.random() < 0.7),
        lambda: world.delete_preview(),
        lambda: world.submit(),
        lambda: world.crash(controller),
        lambda: world.progress(chance.random() < 0.7),
        lambda: world.progress(chance.random() < 0.7),
    ]
    busy = [lambda: world.act(controller)] * 12 + [lambda: world.look(controller, answer(world, chance))] * 10
    chance.choice(anything + busy)()


def answer(world: World, chance: random.Random) -> PullRequest | None:
    """What the forge answers: nothing, the truth, or an older truth."""
    fate = chance.random()
    return None if fate < 0.15 else world.pull_request if fate < 0.8 else chance.choice(world.answers)


@pytest.mark.parametrize("part", range(3))
def test_thousands_of_seeded_histories(part: int) -> None:
    for seed in range(part * HISTORIES // 3, (part + 1) * HISTORIES // 3):
        # A seed has to give the same history again.
        chance, world = random.Random(seed), World.of(fork=seed % 3 == 0)  # noqa: S311
        world.create()
        try:
            for _ in range(STEPS):
                happen(world, chance)
                world.check()
            world.settle()
        except AssertionError as error:
            raise AssertionError(f"history of seed {seed}: {error}") from error


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
