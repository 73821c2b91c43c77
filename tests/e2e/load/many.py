"""Many pull requests opened at once by people who each close theirs when its preview has been looked at."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.processes import peak_megabytes
from implementation_dag.contract import labels
from implementation_dag.pull_requests.objects import END
from tests.e2e.faults import components
from tests.e2e.faults.ground import Ground, Object, Run, over
from tests.e2e.faults.judge import violations

# People who open theirs side by side; more only wait for the forge.
PEOPLE = 4
# What one run takes on two processors, far from exactly; the time to wait for all follows.
SECONDS_OF_A_RUN = 120.0
LOOK_SECONDS = 2.0
OURS = ("controller", "provisioner", "pull-requests", "receiver", "reaper")
# Refused is each one for the moment between its opening and its label.
RESTS = ("Ready", "Failed")


@dataclass
class Seen:
    """What became of one pull request: when it was opened, when its run lived first, and how that ended."""

    run: Run
    opened: float
    began: float = 0.0
    phase: str = ""
    message: str = ""
    workflow: str = ""


@dataclass
class Many:
    """Opens them, watches what lives, and closes each as soon as it rests."""

    ground: Ground
    count: int
    seen: dict[str, Seen] = field(default_factory=dict)
    most_live: int = 0
    most_live_of_one: int = 0
    # Previews that did not go, in words.
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def play(self) -> None:
        """Come to the end of all, or of the time."""
        begun = time.monotonic()
        with ThreadPoolExecutor(PEOPLE) as people:
            opening = [people.submit(self._open, number) for number in range(1, self.count + 1)]
            while time.monotonic() - begun < 300 + SECONDS_OF_A_RUN * self.count:
                self._look()
                if all(one.done() for one in opening) and all(one.phase for one in self.seen.values()):
                    break
                time.sleep(LOOK_SECONDS)
            for each in opening:
                each.result()
        self.seconds = time.monotonic() - begun

    def leave(self, seconds: float) -> None:
        """Wait until nothing is left of any; what is stands in `left`."""
        until, runs = time.monotonic() + seconds, [one.run for one in self.seen.values() if one.run.closed]
        while True:
            self.left = [words for run in runs for words in violations(self.ground, run)]
            if not self.left or time.monotonic() > until:
                return
            time.sleep(LOOK_SECONDS)

    def bad(self) -> dict[str, str]:
        """Return the pull requests that are all good, and were not judged so by their first run."""
        return {
            name: f"{one.phase or 'never came to rest'}: {one.message}"
            for name, one in self.seen.items()
            if one.phase != "Ready" or not one.workflow.endswith("-1")
        }

    def overtaken(self) -> int:
        """Return how many later ones began before one that was opened earlier, at most."""
        row = sorted(self.seen.values(), key=lambda one: one.opened)
        return max(
            sum(later.began < one.began for later in row[place + 1 :] if later.began) for place, one in enumerate(row)
        )

    def megabytes(self) -> dict[str, float]:
        """Return the most memory that each of our processes ever took, in MB."""
        return {
            name: max(map(peak_megabytes, components.pids(self.ground, *components.IN_PODS[name]))) for name in OURS
        }

    def _open(self, number: int) -> None:
        run = self.ground.open(f"many-{number}")
        self.seen[run.pull.name] = Seen(run, time.monotonic())

    def _look(self) -> None:
        try:
            workflows = self.ground.listed("workflows", labels.PULL_REQUEST)
            previews = self.ground.listed("previews")
        except OSError:
            return
        # Those that take a preview away are no tests, and wait for nobody.
        tests = [item for item in workflows if item["spec"].get("entrypoint") != END]
        live = Counter(_preview(item) for item in tests if not over(item))
        self.most_live = max(self.most_live, len(live))
        # Of several one goes on, the others wait for its end.
        going = Counter(_preview(item) for item in workflows if (item.get("status") or {}).get("phase") == "Running")
        self.most_live_of_one = max([self.most_live_of_one, *going.values()])
        for item in previews:
            one, status = self.seen.get(item["metadata"]["name"]), item.get("status") or {}
            if one is None:
                continue
            if not one.began and live[item["metadata"]["name"]]:
                one.began = time.monotonic()
            if not one.phase and status.get("phase") in RESTS:
                one.phase, one.message = status["phase"], str(status.get("message", ""))
                one.workflow = str((status.get("run") or {}).get("name", ""))
                self.ground.close(one.run)


def _preview(item: Object) -> str:
    return str(item["metadata"]["labels"][labels.PULL_REQUEST])
