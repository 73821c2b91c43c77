"""What happens to one run: each fault strikes the run's newest Workflow, wherever that is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from random import Random
from typing import Any

from implementation_dag.base.wait import until
from implementation_dag.contract import labels, names
from implementation_dag.contract.stages import EXIT_TASKS, STAGES
from scripts.lab.errors import LabError
from scripts.lab.stand import workflow as workflows
from scripts.lab.stand.previews import PREVIEWS
from scripts.lab.stand.release import RELEASE
from scripts.lab.stand.repository import OWNER, REPO
from tests.e2e.faults.ground import HELD, Ground, Run, at
from tests.e2e.forge.place import IN_RELEASE, WORKFLOWS

Strike = Callable[[Ground, Run, Random], None]
# What is aimed at may come a moment after the stage has begun.
THERE_SECONDS = 20
AT_ONCE = ("--grace-period=0", "--force", "--wait=false")


def _name(ground: Ground, run: Run) -> str:
    found = ground.newest(run)
    return found["metadata"]["name"] if found else ""


def shut_down(ground: Ground, run: Run, how: str) -> None:
    """End the Workflow as `argo stop` and `argo terminate` do."""
    patch = f'--patch={{"spec":{{"shutdown":"{how}"}}}}'
    ground.place.kubectl.run("patch", WORKFLOWS, _name(ground, run), IN_RELEASE, "--type=merge", patch)


def _terminate(ground: Ground, run: Run, _: Random) -> None:
    shut_down(ground, run, "Terminate")


def _stop(ground: Ground, run: Run, _: Random) -> None:
    shut_down(ground, run, "Stop")


def _delete(ground: Ground, *arguments: str) -> None:
    """Delete; what went by itself a moment before is as good."""
    ground.place.kubectl.run("delete", *arguments, "--ignore-not-found")


def _delete_workflow(ground: Ground, run: Run, _: Random) -> None:
    if name := _name(ground, run):
        _delete(ground, WORKFLOWS, name, IN_RELEASE, "--wait=false")


def _kill_pod(ground: Ground, run: Run, _: Random) -> None:
    workflow = ground.newest(run)
    assert workflow, f"{run.pull.name} has no Workflow"
    name = workflow["metadata"]["name"]
    tasks = [at(workflow), *(stage.task for stage in STAGES), *EXIT_TASKS]
    for task in tasks:
        if pods := ground.pods_at(name, task):
            _delete(ground, "pod", pods[0]["metadata"]["name"], IN_RELEASE, *AT_ONCE)
            return


def _push(ground: Ground, run: Run, _: Random) -> None:
    ground.push(run)


def _close(ground: Ground, run: Run, _: Random) -> None:
    ground.close(run)


def _delete_preview(ground: Ground, run: Run, _: Random) -> None:
    _delete(ground, PREVIEWS, run.pull.name, IN_RELEASE, "--wait=false")


def _second_run(ground: Ground, run: Run, _: Random) -> None:
    given = {"owner": OWNER, "repo": REPO, "pr": str(run.number)}
    run.by_hand.append(workflows.submit(ground.session.environment, given))


def _delete_namespace(ground: Ground, run: Run, _: Random) -> None:
    _delete(ground, "namespace", run.namespace, "--wait=false")


def _docsruns(ground: Ground, run: Run) -> list[str]:
    """Names of the DocsRuns of the newest run, which its Jobs bear too."""
    name = _name(ground, run)
    wanted = [names.docsrun(name, purpose) for purpose in ("deploy", "uninstall")]
    found: list[str] = until(lambda: [each for each in wanted if ground.named("docsruns", each)], THERE_SECONDS, 0.3)
    return found


def _delete_docsrun(ground: Ground, run: Run, _: Random) -> None:
    for name in _docsruns(ground, run)[-1:]:
        _delete(ground, "docsruns.taskmaster.io", name, IN_RELEASE, "--wait=false")


def _jobs(ground: Ground, run: Run) -> list[str]:
    wanted = _docsruns(ground, run)[-1:]
    found: list[str] = until(lambda: [each for each in wanted if ground.named("jobs", each)], THERE_SECONDS, 0.3)
    return found


def _delete_job(ground: Ground, run: Run, _: Random) -> None:
    for name in _jobs(ground, run):
        _delete(ground, "job", name, IN_RELEASE, "--wait=false")


def _kill_job_pod(ground: Ground, run: Run, _: Random) -> None:
    for name in _jobs(ground, run):
        until(lambda name=name: ground.listed("pods", f"job-name={name}"), THERE_SECONDS, 0.3)  # type: ignore[misc]
        _delete(ground, "pods", f"--selector=job-name={name}", IN_RELEASE, *AT_ONCE)


def _kill_box(ground: Ground, run: Run, _: Random) -> None:
    selector = f"{labels.BOXED},{labels.WORKFLOW}={names.label_value(_name(ground, run))}"
    until(lambda: ground.listed("pods", selector), THERE_SECONDS, 0.3)
    _delete(ground, "pods", f"--selector={selector}", IN_RELEASE, *AT_ONCE)


def _delete_account(ground: Ground, run: Run, _: Random) -> None:
    _delete(ground, "serviceaccount", names.deployer(RELEASE, run.namespace), IN_RELEASE)


def _in_preview(ground: Ground, run: Run, thing: dict[str, Any]) -> None:
    """Put something of a person's into the preview, once that is there; then its run is stopped."""
    until(lambda: ground.preview_namespace(run), 60, 0.5)
    thing["metadata"] |= {"namespace": run.namespace}
    ground.place.kubectl.create(thing)


def _finalizer(ground: Ground, run: Run, _: Random) -> None:
    metadata = {"name": "held", "finalizers": [HELD]}
    _in_preview(ground, run, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    shut_down(ground, run, "Terminate")


def _deaf_pod(ground: Ground, run: Run, _: Random) -> None:
    """A pod that ignores SIGTERM, with all the grace that a preview's pod may have."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
    hardened = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    release = ground.named("deployments", f"{RELEASE}-controller") or {}
    image = release["spec"]["template"]["spec"]["containers"][0]["image"]
    container = {"name": "deaf", "image": image, "command": ["python3", "-c", deaf], "securityContext": hardened}
    user = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {
        "terminationGracePeriodSeconds": 100,
        "automountServiceAccountToken": False,
        "securityContext": user,
        "containers": [container],
    }
    _in_preview(ground, run, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "deaf"}, "spec": spec})
    with contextlib.suppress(LabError):
        ground.place.kubectl.run(
            "wait", "pod/deaf", f"--namespace={run.namespace}", "--for=condition=Ready", "--timeout=20s"
        )
    shut_down(ground, run, "Stop")


STRIKES: dict[str, Strike] = {
    "terminate": _terminate,
    "stop": _stop,
    "delete-workflow": _delete_workflow,
    "kill-pod": _kill_pod,
    "push": _push,
    "close": _close,
    "delete-preview": _delete_preview,
    "second-run": _second_run,
    "delete-namespace": _delete_namespace,
    "delete-docsrun": _delete_docsrun,
    "delete-job": _delete_job,
    "kill-job-pod": _kill_job_pod,
    "kill-box": _kill_box,
    "delete-account": _delete_account,
    "finalizer": _finalizer,
    "deaf-pod": _deaf_pod,
}


def strike(ground: Ground, run: Run, fault: str, chance: Random) -> None:
    """Let it happen, a moment after the stage has begun."""
    time.sleep(chance.uniform(0, 1.5))
    STRIKES[fault](ground, run, chance)
