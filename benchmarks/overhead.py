"""What the pipeline adds to its stages' own work, beside the same number of steps that do nothing.

`make bench-overhead` runs the demo's default scenario and the specification's topology (six DAG tasks in a row and
an exit handler) as no-op pods, in turns on one cluster, and writes out/bench/overhead.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from idag.command import ends_in_words
from idag.progress import Progress
from implementation_dag.contract.stages import PROVISION, STAGES
from scripts.demo.running import run
from scripts.demo.scenarios import all_scenarios
from scripts.lab.errors import LabError
from scripts.lab.stand import environment, workflow
from scripts.lab.stand.alone import alone, lock_of
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.release import RELEASE
from scripts.lab.stand.session import Session, prepared
from scripts.lab.stand.stages import wall_seconds

ROUNDS = 3
TASKS = tuple(stage.task for stage in STAGES if stage != PROVISION)
OUT = Path("out") / "bench" / "overhead.json"


def noop_workflow(template: dict[str, Any]) -> dict[str, Any]:
    """The specification's topology made of copies of the installed step `set-params` that only run `true`."""
    step = copy.deepcopy(next(item for item in template["spec"]["templates"] if item["name"] == "set-params"))
    step |= {"name": "noop", "container": step["container"] | {"command": ["true"], "args": [], "env": []}}
    step.pop("outputs", None)
    dependencies = [[], *([task] for task in TASKS)]
    tasks = [
        {"name": name, "template": "noop", "dependencies": before}
        for name, before in zip(TASKS, dependencies, strict=False)
    ]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "noop-", "namespace": RELEASE_NAMESPACE},
        "spec": {
            "entrypoint": "dag",
            "onExit": "noop",
            "serviceAccountName": template["spec"]["serviceAccountName"],
            "artifactRepositoryRef": template["spec"].get("artifactRepositoryRef"),
            "templates": [{"name": "dag", "dag": {"tasks": tasks}}, step],
        },
    }


def noop_seconds(session: Session) -> float:
    """Wall time of one run of the no-op topology. Raises LabError when it does not succeed."""
    where = session.environment
    installed = where.kubectl.get("workflowtemplates.argoproj.io", RELEASE, f"--namespace={RELEASE_NAMESPACE}")
    if installed is None:
        raise LabError(f"no WorkflowTemplate {RELEASE} in namespace {RELEASE_NAMESPACE}")
    name = where.kubectl.create(noop_workflow(installed))
    found = workflow.follow(where, [name], lambda _: None)[name]
    if workflow.phase(found) != "Succeeded":
        raise LabError(f"workflow {name} is {workflow.phase(found)}: {found['status'].get('message', '')}")
    return wall_seconds(found)


def measure(session: Session) -> dict[str, Any]:
    """Run both in turns; seconds of each round, medians, and the ratio of overhead to the no-op topology."""
    overheads, noops = [], []
    for number in range(1, ROUNDS + 1):
        outcome = run(session, all_scenarios(session.environment.registry)["default"])
        if not outcome.as_expected:
            raise LabError(f"round {number}: the demo ended {outcome.result}: run `make demo` to see why")
        overheads.append(outcome.runs[0].run.overhead_seconds)
        noops.append(noop_seconds(session))
        session.progress(f"round {number}: overhead {overheads[-1]:.0f} s, no-op topology {noops[-1]:.0f} s")
    overhead, noop = statistics.median(overheads), statistics.median(noops)
    return {
        "rounds": ROUNDS,
        "overhead_seconds": overheads,
        "noop_seconds": noops,
        "overhead_median": overhead,
        "noop_median": noop,
        "ratio": round(overhead / noop, 2),
    }


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on the cluster of `make demo`; it stays up."""
    argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__).parse_args(arguments)
    progress = Progress("bench")
    where = environment.describe(os.environ)
    with alone(lock_of(where.state)), prepared(where, Console(highlight=False, width=140), progress) as session:
        found = measure(session)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")
    medians = f"overhead {found['overhead_median']:.0f} s, no-op topology {found['noop_median']:.0f} s"
    print(f"{medians}, ratio {found['ratio']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
