"""Where faults strike: the stand with runs that are cheap, what its cluster says, and one run that is struck."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from idag.cluster.stages import NODE_NAME
from implementation_dag.base.wait import until
from implementation_dag.contract import labels
from implementation_dag.contract.stages import EXIT_TASKS, STAGES, WITHOUT_POD
from scripts.lab.cluster import health
from scripts.lab.cluster.settings import State
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE
from scripts.lab.stand.helm import helm
from scripts.lab.stand.objects import roll_out
from scripts.lab.stand.release import CHART, RELEASE
from scripts.lab.stand.session import Session
from tests.e2e.faults.cases import CLEANUP, KEEPING
from tests.e2e.forge.place import Place, Pull, place

Object = dict[str, Any]
HELD = "example.com/held"
OVER = ("Succeeded", "Failed", "Error")
# Mebibytes of the evidence store: a disk of its own that can be full.
DISK = 192
_ALL_EVIDENCE = (
    "cd ${EVIDENCE_DIR:-/work/evidence}; echo 1 passed >tests.log; echo '{\"remaining\": []}' >report.json; "
    'echo \'<testsuite tests="1"><testcase name="one"/></testsuite>\' >test-results.xml; '
    "echo '<!doctype html>' >coverage.html; echo '{}' >performance.json"
)
_WAYS = {
    "workflows": "/apis/argoproj.io/v1alpha1",
    "docsruns": "/apis/taskmaster.io/v1",
    "previews": f"/apis/{labels.GROUP}/v1alpha1",
    "agentruns": f"/apis/{labels.GROUP}/v1alpha1",
    "jobs": "/apis/batch/v1",
    "deployments": "/apis/apps/v1",
}


def values(runs: int = 0) -> Object:
    """Values with cheap agents, short times and so many runs at once; deploy and acceptance are the real ones."""
    agent = {"image": "", "command": ["sh", "-c", _ALL_EVIDENCE]}
    return {
        "agents": {"reference": {"apps": {"rex": agent, "clippy": agent, "qa": agent}, "timeoutSeconds": 120}},
        "defaults": {"requestsPerHost": 3, "maxP95Ms": 20000, "minSuccessPct": 0.5},
        "workflow": {"podGCDelaySeconds": 30, "activeDeadlineSeconds": 900},
        "deploy": {"healthTimeoutSeconds": 120},
        "preview": {"deletionTimeoutSeconds": 120},
        "forge": {"pollSeconds": 20, "limits": {"runs": runs}},
        "reaper": {"intervalSeconds": 5, "graceSeconds": 20, "removeFinalizers": [HELD]},
    }


@dataclass
class Run:
    """A pull request whose run is struck: its newest commit, and the runs that people submitted besides."""

    pull: Pull
    head: str
    closed: bool = False
    by_hand: list[str] = field(default_factory=list)
    # Commits that a run of this pull request was seen to find good.
    tested: set[str] = field(default_factory=set)

    @property
    def number(self) -> int:
        """The pull request's number."""
        return self.pull.number

    @property
    def namespace(self) -> str:
        """The namespace of its preview."""
        return f"impl-pr-{self.number}"


@dataclass
class Ground:
    """The stand, and what people and its cluster do there."""

    session: Session
    place: Place
    state: State

    # What the cluster says.

    def get(self, path: str) -> Object | None:
        """One object or list of the API server; None when it is not there. Raises OSError when nobody answers."""
        status, body = health.api_get(self.state, path, 10)
        if status == 404:
            return None
        if status != 200:
            raise OSError(f"the API server answered {status} to {path}: {body[:200]!r}")
        found: Object = json.loads(body)
        return found

    def named(self, kind: str, name: str, namespace: str = RELEASE_NAMESPACE) -> Object | None:
        """The object of a name."""
        return self.get(f"{_WAYS.get(kind, '/api/v1')}/namespaces/{namespace}/{kind}/{name}")

    def listed(self, kind: str, selector: str = "", namespace: str = RELEASE_NAMESPACE) -> list[Object]:
        """The objects that bear the labels."""
        way = f"{_WAYS.get(kind, '/api/v1')}/namespaces/{namespace}/{kind}?labelSelector={selector}"
        return list((self.get(way) or {}).get("items") or ())

    def preview_namespace(self, run: Run) -> Object | None:
        """The namespace of the run's preview, on its way out too."""
        return self.get(f"/api/v1/namespaces/{run.namespace}")

    def workflows(self, run: Run) -> list[Object]:
        """All Workflows of the pull request that are there."""
        found = self.listed("workflows", f"{labels.PULL_REQUEST}={run.pull.name}")
        by_hand = [item for name in run.by_hand if (item := self.named("workflows", name))]
        return sorted(found, key=lambda item: int(item["metadata"]["name"].rpartition("-")[2])) + by_hand

    def newest(self, run: Run) -> Object | None:
        """The Workflow of its newest run; None while there is none."""
        found = self.listed("workflows", f"{labels.PULL_REQUEST}={run.pull.name}")
        return max(found, key=lambda item: int(item["metadata"]["name"].rpartition("-")[2]), default=None)

    def pods_at(self, workflow: str, task: str) -> list[Object]:
        """The pods of a task that have not ended."""
        found = self.listed("pods", f"workflows.argoproj.io/workflow={workflow}")
        return [
            pod
            for pod in found
            if (pod.get("status") or {}).get("phase") in ("Pending", "Running")
            and pod["metadata"].get("annotations", {}).get(NODE_NAME, "").rpartition(".")[2].partition("(")[0] == task
        ]

    # What people do.

    def open(self, name: str) -> Run:
        """Open a pull request, whose run the release starts."""
        pull = self.place.open(name)
        return Run(pull, pull.head)

    def close(self, run: Run) -> None:
        """Close the pull request."""
        run.closed = True
        self.place.set_open(run.pull, wanted=False)

    def push(self, run: Run) -> None:
        """Push another commit."""
        run.head = self.place.push(run.pull, f"{time.monotonic_ns()}.txt")


def at(workflow: Object) -> str:
    """Return the stage that a Workflow is at: the last task that has begun; empty before the first."""
    nodes = (workflow.get("status") or {}).get("nodes") or {}
    begun = {node.get("displayName"): node for node in nodes.values() if node.get("phase") not in ("Omitted", None)}
    last = ""
    for name in (*(stage.task for stage in STAGES), *EXIT_TASKS):
        if name in begun:
            last = name
    return last


def over(workflow: Object) -> bool:
    """Say whether a Workflow has ended."""
    return (workflow.get("status") or {}).get("phase") in OVER


def wait_for(ground: Ground, run: Run, moment: str, seconds: float = 240) -> str:
    """Wait until the newest run is at the moment, or past it; return where it is. Raises AssertionError."""
    task = {KEEPING: "keep-preview", CLEANUP: "remove-preview"}.get(moment, moment)

    def there() -> str:
        try:
            workflow = ground.newest(run)
        except OSError:
            return ""
        if workflow is None:
            return ""
        nodes = (workflow.get("status") or {}).get("nodes") or {}
        mine = [node for node in nodes.values() if node.get("displayName") == task]
        if any(node.get("phase") in ("Running", *OVER) for node in mine) and (
            ground.pods_at(workflow["metadata"]["name"], task)
            or task in WITHOUT_POD
            or all(node.get("phase") in OVER for node in mine)
        ):
            return at(workflow) or task
        return f"over, before {task}" if over(workflow) else ""

    found = until(there, seconds, 0.5)
    assert found, f"{run.pull.name}: no run came to {moment} within {seconds:.0f} s"
    return found


@contextmanager
def ground(session: Session, *, own_disk: bool = False, runs: int = 0) -> Iterator[Ground]:
    """Give the stand of a session, its release made cheap meanwhile, and so many runs at once; 0: any number.

    With `own_disk` the evidence store can be full.
    """
    kubectl = session.environment.kubectl
    if own_disk:
        volume = {"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": f"{DISK}Mi"}}
        patch = json.dumps({"spec": {"template": {"spec": {"volumes": [volume]}}}})
        kubectl.run("patch", "deployment", "s3", f"--namespace={DEMO_NAMESPACE}", f"--patch={patch}")
        roll_out(kubectl, DEMO_NAMESPACE, "s3")
    place_of_release = f"--namespace={RELEASE_NAMESPACE}"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values(runs), file)
        file.flush()
        helm(
            kubectl, "upgrade", RELEASE, str(CHART), place_of_release, "--reuse-values", f"--values={file.name}",
            "--wait", "--timeout=180s",
        )  # fmt: skip
    try:
        with place(session) as found:
            yield Ground(session, found, State.from_environment())
    finally:
        helm(kubectl, "rollback", RELEASE, place_of_release, "--wait", "--timeout=180s")
