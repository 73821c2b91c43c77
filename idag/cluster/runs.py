"""Runs of a release: start one, list them, follow one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from idag.cluster.errors import ClusterError
from idag.cluster.follow import Lines
from idag.cluster.release import Release
from idag.cluster.stages import Stage, moment, read_stages
from idag.cluster.target import Pull, pull
from idag.progress import Progress
from implementation_dag.base import kube
from implementation_dag.base.workflow_status import bounded, parameters
from implementation_dag.contract import names

Object = dict[str, Any]
POLL_SECONDS = 1.0
TRIES = 5
ENDED = ("Succeeded", "Failed", "Error")


@dataclass(frozen=True)
class Run:
    """A Workflow of the release, and the pull request that it was started for."""

    workflow: Object
    pull: Pull

    @property
    def name(self) -> str:
        """The Workflow's name."""
        return str(self.workflow["metadata"]["name"])

    @property
    def phase(self) -> str:
        """Argo's phase, Pending before it has one."""
        return str((self.workflow.get("status") or {}).get("phase") or "Pending")

    @property
    def message(self) -> str:
        """What Argo says of the run as a whole."""
        return bounded((self.workflow.get("status") or {}).get("message") or "")

    @property
    def started(self) -> str:
        """When it was submitted, in the API server's form."""
        return str(self.workflow["metadata"].get("creationTimestamp") or "")

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        status = self.workflow.get("status") or {}
        start = moment(status.get("startedAt"))
        return ((moment(status.get("finishedAt")) or datetime.now(UTC)) - start).total_seconds() if start else 0.0

    @property
    def stages(self) -> list[Stage]:
        """Its stages in their order."""
        return read_stages(self.workflow)

    @property
    def stage(self) -> str:
        """Where it is: the stage that began last and has not ended well, else the last one."""
        begun = [stage for stage in self.stages if stage.result not in ("Pending", "Omitted", "Skipped")]
        open_ones = [stage for stage in begun if stage.result != "Succeeded"]
        return (open_ones or begun or self.stages)[-1].name

    def evidence_prefix(self) -> str:
        """Where its evidence lies in the bucket."""
        return names.evidence_prefix(*self.pull, self.name, str(self.workflow["metadata"]["namespace"]))

    def document(self) -> Object:
        """It as data."""
        return {
            "name": self.name,
            "pull": str(self.pull),
            "phase": self.phase,
            "stage": self.stage,
            "started": self.started,
            "seconds": round(self.seconds, 1),
            "message": self.message,
            "stages": [
                {
                    "name": one.name,
                    "result": one.result,
                    "seconds": round(one.seconds, 1),
                    "message": bounded(one.message),
                }
                for one in self.stages
            ],
        }


def submit(release: Release, arguments: dict[str, str]) -> Run:
    """Start a run from the release's WorkflowTemplate, as `argo submit --from` does. Raises ClusterError."""
    named = Pull(arguments["owner"], arguments["repo"], arguments["pr"])
    wanted = kube.Workflow.from_dict(
        {
            "metadata": {
                "generateName": f"{release.name}-",
                "namespace": release.namespace,
                "labels": {"workflows.argoproj.io/workflow-template": release.name},
            },
            "spec": {
                "workflowTemplateRef": {"name": release.name},
                "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments.items()]},
            },
        }
    )
    made = release.access.ask(f"start a run of {named}", lambda client: client.create(wanted))
    return Run(kube.as_dict(made), named)


def listed(release: Release, wanted: Pull | None = None) -> list[Run]:
    """Return the release's runs that are kept, the newest first; of one pull request only when it is given."""
    found = release.access.items("Workflows", kube.Workflow, namespace=release.namespace)
    runs = [Run(item, _pull(item)) for item in found if _is_of(item, release)]
    runs = [run for run in runs if wanted is None or run.pull.same(wanted)]
    return sorted(runs, key=lambda run: (run.started, run.name), reverse=True)


def find(release: Release, target: str) -> Run:
    """Return the run of that name, or the newest one of the pull request `owner/repo#7`. Raises ClusterError."""
    if "#" in target:
        wanted = pull(target)
        if found := listed(release, wanted):
            return found[0]
        raise ClusterError(f"release {release.name} has no run of {wanted}: start one with `idag run {wanted}`")
    for run in listed(release):
        if run.name == target:
            return run
    raise ClusterError(f"release {release.name} has no run {target!r}: name one of `idag status`, or owner/repo#7")


def follow(release: Release, run: Run, progress: Progress) -> Run:
    """Print what becomes of the run until it has ended; return it as it is then. Raises ClusterError."""
    lines, failures = Lines(progress), 0
    while True:
        try:
            found = release.access.find(f"run {run.name}", kube.Workflow, run.name, namespace=release.namespace)
        except ClusterError as error:
            # A run takes minutes, in which a laptop changes its network and an API server its leader.
            failures += 1
            if failures == TRIES:
                raise
            progress(f"{error}; trying again")
            time.sleep(failures)
            continue
        failures = 0
        if found is None:
            raise ClusterError(f"run {run.name} was deleted")
        run = Run(found, run.pull)
        lines.show({run.name: run.workflow})
        if run.phase in ENDED:
            return run
        time.sleep(POLL_SECONDS)


def _is_of(workflow: Object, release: Release) -> bool:
    reference = workflow.get("spec", {}).get("workflowTemplateRef") or {}
    return bool(reference.get("name") == release.name)


def _pull(workflow: Object) -> Pull:
    given = parameters(workflow)
    return Pull(given.get("owner", ""), given.get("repo", ""), given.get("pr", ""))
