"""Runs the cases: faults of all in waves of runs at different stages, then those of one run side by side."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from implementation_dag.base.wait import until
from tests.e2e.faults import components
from tests.e2e.faults.cases import CLEANUP, Case
from tests.e2e.faults.ground import Ground, Run, at, over, wait_for
from tests.e2e.faults.judge import violations
from tests.e2e.faults.strikes import shut_down, strike

# So many runs at once on two processors: more only wait for each other.
AT_ONCE = 4
# A run that begins anew after the fault has this long to be good, on a busy machine.
REST_SECONDS = 480.0
GONE_SECONDS = 300.0
# Runs of a wave begin so far apart, so that each is at another stage.
APART_SECONDS = 7.0
OPEN_SECONDS = 180.0
# So many faults strike the runs of one wave, one after the other, so long after all is healthy again.
FAULTS_A_WAVE, PAUSE_SECONDS = 6, (2.0, 12.0)


@dataclass
class Result:
    """What was seen of a case: `stage` is where its run was, `checks` how long each judgement took to hold."""

    case: str
    seed: int
    fault: str
    stage: str = ""
    pull_request: int = 0
    came_to: str = ""
    checks: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    # Where the harness itself failed: then nothing is proven, and it counts as a violation.
    fault_of_test: str = ""
    # Of a fault of all: the faults that struck the same runs, in their order; they are replayed together.
    wave: str = ""

    def add(self, other: Result) -> None:
        """Take over what was seen of the run that it shares with others."""
        self.pull_request, self.came_to, self.seconds = other.pull_request, other.came_to, other.seconds
        self.checks |= other.checks
        self.violations += other.violations
        self.fault_of_test += other.fault_of_test


@dataclass
class Matrix:
    """Use it as a context: the summary is written after each case, whatever happens then."""

    ground: Ground
    cases: list[Case]
    summary: Path
    results: dict[str, Result] = field(default_factory=dict)
    _futures: dict[Case, Future[Result]] = field(default_factory=dict)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        """Begin."""
        self._before = components.restarts(self.ground)
        self._futures = {case: Future() for case in self.cases}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="run")
        self._all = threading.Thread(target=self._run, name="matrix")
        self._all.start()
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._futures.values():
            future.cancel()
        self._all.join()
        self._pool.shutdown()

    def result(self, case: Case) -> Result:
        """Wait for the case's result."""
        return self._futures[case].result()

    def _run(self) -> None:
        faults = list(dict.fromkeys(case.fault for case in self.cases if case.of_all))
        for first in range(0, len(faults), FAULTS_A_WAVE):
            self._wave(faults[first : first + FAULTS_A_WAVE])
        for case in self.cases:
            if not case.of_all:
                self._pool.submit(self._alone, case)

    def _alone(self, case: Case) -> None:
        """A run of its own is struck."""
        if not self._futures[case].set_running_or_notify_cancel():
            return
        found = Result(case.name, case.seed, case.fault)
        with self._noted(found):
            run = self.ground.open(case.name.replace("@", "-"))
            found.pull_request = run.number
            if case.moment == CLEANUP:
                wait_for(self.ground, run, "deploy")
                shut_down(self.ground, run, "Stop")
            found.stage = wait_for(self.ground, run, case.moment)
            strike(self.ground, run, case.fault, case.chance)
            self._judge(run, found)
            found.violations += components.started_anew(self.ground, self._before)
        self._futures[case].set_result(found)

    def _wave(self, faults: list[str]) -> None:
        """Strike runs at different stages by one fault after the other; each fault and run is a case."""
        cases = [case for case in self.cases if case.fault in faults]
        if not all([self._futures[case].set_running_or_notify_cancel() for case in cases]):
            return
        found = {case: Result(case.name, case.seed, case.fault, wave=",".join(faults)) for case in cases}
        struck, moments = threading.Event(), list(dict.fromkeys(case.moment for case in cases))
        runs: dict[str, Run] = {}

        def live(index: int, moment: str) -> None:
            of_run = Result(moment, 0, "")
            with self._timed(of_run):
                time.sleep(index * APART_SECONDS)
                runs[moment] = run = self.ground.open(f"{faults[0]}-{moment}")
                of_run.pull_request = run.number
                assert struck.wait(600), "the faults did not strike"
                self._judge(run, of_run)
            for case in cases:
                if case.moment == moment:
                    found[case].add(of_run)

        with ThreadPoolExecutor(len(moments)) as pool:
            lives = [pool.submit(live, index, moment) for index, moment in enumerate(moments)]
            until(lambda: len(runs) == len(moments), OPEN_SECONDS, 0.2)
            for fault in faults:
                self._strike(fault, [(found[case], runs.get(case.moment)) for case in cases if case.fault == fault])
            struck.set()
            for each in lives:
                each.result()
        self._before = components.restarts(self.ground)
        for case in cases:
            self._note(found[case])
            self._futures[case].set_result(found[case])

    def _strike(self, fault: str, struck: list[tuple[Result, Run | None]]) -> None:
        """Note where the runs are, strike, and wait until all is healthy again."""
        chance = Case(struck[0][0].seed, fault, "all").chance
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        for found, run in struck:
            found.stage = self._stage(run)
        begun, sick, raised = time.monotonic(), [""], ""
        try:
            components.strike(self.ground, fault, chance)
            took = time.monotonic() - begun

            def healthy() -> bool:
                sick[:] = components.unready(self.ground)
                return not sick

            until(healthy, components.HEALTHY_SECONDS)
        except Exception:
            took, raised, sick = time.monotonic() - begun, traceback.format_exc(limit=-4), []
        for found, _ in struck:
            found.checks |= {"fault": round(took, 1), "healthy": round(time.monotonic() - begun - took, 1)}
            found.violations += [f"healthy: {words}" for words in sick]
            found.fault_of_test += raised

    def _stage(self, run: Run | None) -> str:
        workflow = self.ground.newest(run) if run else None
        if workflow is None:
            return "before its run"
        return "at rest" if over(workflow) else at(workflow) or "before its first stage"

    def _judge(self, run: Run, found: Result) -> None:
        """Wait until all holds of the open pull request, and once more when it is closed."""
        if not run.closed:
            self._hold(run, found, "open", REST_SECONDS)
            preview = self.ground.named("previews", run.pull.name) or {}
            found.came_to = str((preview.get("status") or {}).get("phase"))
            self.ground.close(run)
        self._hold(run, found, "closed", GONE_SECONDS)

    def _hold(self, run: Run, found: Result, name: str, seconds: float) -> None:
        begun, last = time.monotonic(), [""]

        def holds() -> bool:
            last[:] = violations(self.ground, run)
            return not last

        until(holds, seconds, 2)
        found.checks[name] = round(time.monotonic() - begun, 1)
        found.violations += [f"{name}: {words}" for words in last]

    @contextmanager
    def _timed(self, found: Result) -> Iterator[None]:
        """Keep how long it took, and what the harness itself raised."""
        begun = time.monotonic()
        try:
            yield
        except Exception:
            found.fault_of_test = traceback.format_exc(limit=-4)[-1500:]
        found.seconds = round(time.monotonic() - begun, 1)

    @contextmanager
    def _noted(self, found: Result) -> Iterator[None]:
        with self._timed(found):
            yield
        self._note(found)

    def _note(self, found: Result) -> None:
        """Keep a result, and write the summary."""
        with self._writing:
            self.results[found.case] = found
            print(f"\n[faults] {json.dumps(asdict(found))}", flush=True)
            results = list(self.results.values())
            bad = [one for one in results if one.violations or one.fault_of_test]
            document = {
                "cases": len(results),
                "wanted": len(self.cases),
                "violations": sum(len(one.violations) + bool(one.fault_of_test) for one in bad),
                "failed": [one.case for one in bad],
                "results": [asdict(one) for one in results],
            }
            self.summary.parent.mkdir(parents=True, exist_ok=True)
            self.summary.write_text(json.dumps(document, indent=2) + "\n")
