"""What a stage of a run prints: from its pods or the provisioner's, or from the bucket when its pods are gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightkube.resources.core_v1 import Pod

from idag.cluster.errors import ClusterError
from idag.cluster.evidence import Store
from idag.cluster.release import Release
from idag.cluster.runs import Run
from idag.cluster.stages import task_of
from idag.retention.settings import LOGS_PREFIX
from implementation_dag.base.log import clean, of_step
from implementation_dag.contract.labels import FENCED
from implementation_dag.contract.stages import EXIT_TASKS, STAGES, WITHOUT_POD
from implementation_dag.provisioner.model import ANSWERED

Object = dict[str, Any]
CONTAINER = "main"
NAMES = (*(stage.task for stage in STAGES), *EXIT_TASKS)


def stream(release: Release, run: Run, stage: str, *, follow: bool) -> Iterator[str]:
    """Yield the stage's lines, of each try in its turn. Raises ClusterError."""
    if stage in WITHOUT_POD:
        yield from _provisioned(release, run, stage, follow=follow)
        return
    selector = {"workflows.argoproj.io/workflow": run.name}
    found = release.access.items("pods", Pod, namespace=release.namespace, labels=selector)
    pods = sorted(
        (pod for pod in found if task_of(pod) == stage), key=lambda pod: str(pod["metadata"]["creationTimestamp"])
    )
    if not pods:
        yield from _kept(release, run, stage)
    for pod in pods:
        yield from _printed(release, str(pod["metadata"]["name"]), follow=follow)


def _provisioned(release: Release, run: Run, stage: str, *, follow: bool) -> Iterator[str]:
    """What the provisioner said of the stage, as long as it has not been started anew since."""
    selector = {"app.kubernetes.io/component": "provisioner", FENCED: release.name}
    pods = release.access.items("pods", Pod, namespace=release.namespace, labels=selector)
    said = False
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"])):
        for line in _printed(release, str(pod["metadata"]["name"]), "provisioner", follow=follow):
            if (words := of_step(line, run.name, stage)) is not None:
                said = True
                yield words
                if ANSWERED in words:
                    break
    if not said:
        raise ClusterError(
            f"no provisioner has said anything of stage {stage} of run {run.name}: it has not begun, or the log is "
            f"gone; `idag status {run.name}` has what became of it"
        )


def _printed(release: Release, pod: str, container: str = CONTAINER, *, follow: bool) -> Iterator[str]:
    lines = release.access.ask(
        f"read the log of pod {pod}",
        lambda client: client.log(pod, namespace=release.namespace, container=container, follow=follow, newlines=False),
    )
    while True:
        line = release.access.ask(f"read the log of pod {pod}", lambda _: next(lines, None))
        if line is None:
            return
        # What a pull request's code prints must not drive the terminal.
        yield clean(line)


def _kept(release: Release, run: Run, stage: str) -> Iterator[str]:
    """The logs that Argo laid into the bucket, by the pods that the run's nodes name."""
    nodes: dict[str, Object] = (run.workflow.get("status") or {}).get("nodes") or {}
    keys = [
        str(artifact["s3"]["key"])
        for node in nodes.values()
        if _task(str(node.get("name"))) == stage
        for artifact in (node.get("outputs") or {}).get("artifacts") or []
        if artifact.get("name") == f"{CONTAINER}-logs"
        and (artifact.get("s3") or {}).get("key", "").startswith(LOGS_PREFIX)
    ]
    if not keys:
        raise ClusterError(f"stage {stage} of run {run.name} has no pod, and no log in the bucket: did it run?")
    store = Store(release)
    for key in keys:
        yield from (clean(line) for line in store.read(key).decode(errors="replace").splitlines())


def _task(node: str) -> str:
    return node.rpartition(".")[2].partition("(")[0]
