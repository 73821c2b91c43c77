"""What the pipeline adds to its stages' own work, beside the same number of steps that do nothing.

`make bench-overhead` runs the demo's default scenario and the specification's topology (six DAG tasks in a row and
an exit handler) as no-op pods, in turns on one cluster, and writes out/bench/overhead.json. What people wait for of a
run is measured on the way: its preview, the first line of its deployment, the removal of what it made.
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

from benchmarks import figures
from idag.command import ends_in_words
from idag.progress import Progress
from implementation_dag.base import moments
from implementation_dag.contract import names
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
from scripts.lab.stand.workflow import Finished

ROUNDS = 3
TASKS = tuple(stage.task for stage in STAGES if stage != PROVISION)
OUT = Path("out") / "bench" / "overhead.json"


def noop_workflow(template: dict[str, Any]) -> dict[str, Any]:
    """The specification's topology made of copies of the installed step `deploy` that only run `true`."""
    step = copy.deepcopy(next(item for item in template["spec"]["templates"] if item["name"] == "deploy"))
    step |= {"name": "noop", "container": step["container"] | {"command": ["true"], "args": [], "env": []}}
    step.pop("inputs", None)
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


def scenario(session: Session, name: str) -> Finished:
    """Run a scenario of one pull request. Raises LabError when it does not end as it should."""
    outcome = run(session, all_scenarios(session.environment.registry)[name])
    if not outcome.as_expected:
        raise LabError(f"scenario {name} ended {outcome.result}: run `make demo SCENARIO={name}` to see why")
    return outcome.runs[0].run


def since(start: str, end: str) -> float:
    """Return the seconds between two moments (RFC 3339)."""
    return (moments.read(end) - moments.read(start)).total_seconds()


def waits(session: Session, name: str) -> dict[str, float]:
    """Return the seconds from a run's submission to its preview's URL, and from its DocsRun to the first log line."""
    kubectl, place = session.environment.kubectl, f"--namespace={RELEASE_NAMESPACE}"
    found = kubectl.get("workflows.argoproj.io", name, place) or {}
    deploy = next(node for node in found["status"]["nodes"].values() if node["displayName"] == "deploy")
    docsrun = kubectl.get("docsruns.taskmaster.io", names.docsrun(name, "deploy"), place) or {}
    job = (docsrun.get("status") or {})["jobName"]
    line = kubectl.run("logs", f"job/{job}", place, "--timestamps", "--all-containers", "--limit-bytes=4096")
    return {
        "submit_to_url_seconds": since(found["metadata"]["creationTimestamp"], deploy["finishedAt"]),
        "docsrun_to_log_seconds": since(docsrun["metadata"]["creationTimestamp"], line.split()[0]),
    }


def measure(session: Session) -> dict[str, Any]:
    """Run both in turns; seconds of each round, medians, and the ratio of overhead to the no-op topology."""
    rounds: dict[str, list[float]] = {}
    for number in range(1, ROUNDS + 1):
        seen = scenario(session, "default")
        found = {"overhead_seconds": seen.overhead_seconds, "noop_seconds": noop_seconds(session)}
        for name, value in (found | waits(session, seen.name)).items():
            rounds.setdefault(name, []).append(round(value, 1))
        session.progress(f"round {number}: " + ", ".join(f"{name} {row[-1]:.0f}" for name, row in rounds.items()))
    medians = {name: statistics.median(row) for name, row in rounds.items()}
    medians["cleanup_seconds"] = scenario(session, "slow").stage("remove-preview").seconds
    return {
        "rounds": rounds,
        "medians": medians,
        "ratio": round(medians["overhead_seconds"] / medians["noop_seconds"], 2),
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
    figures.record({"overhead_ratio": found["ratio"]} | found["medians"])
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
