"""What a thousand previews at once need: `make bench-fleet` (PREVIEWS=1000).

People apply Previews by hand, the controllers start their runs (played, see `played`), previews stand, and then the
time of all is over. The controllers are the processes that the chart starts, with its rights and policies. Writes its
figures into out/bench/lifecycle.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Namespace, Pod, Service
from lightkube.types import PatchType

from benchmarks import figures, processes
from benchmarks.reaper import PAST, install
from idag.command import ends_in_words
from idag.render.manifests import Object
from implementation_dag.base import kube, wait
from implementation_dag.contract import labels
from implementation_dag.pull_requests import objects
from scripts.lab.kubectl import Kubectl
from tests.api import previews, release

from .cluster import cluster, nodes
from .played import Played

OURS = ("controller", "pull-requests", "reaper")
OWNER, REPO = "acme", "isolation"
STILL_SECONDS = 60
PATIENCE_SECONDS = 3600.0
MOST_MEGABYTES = 300.0


def worked(pid: int) -> float:
    """Return the seconds of processor that a process has taken (proc(5))."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def ours(stack: ExitStack, kubectl: Kubectl, folder: Path, made: list[Object]) -> dict[str, int]:
    """Start our processes, without a forge; return them by name."""
    of_forge = release.environment(made, name=f"{previews.RELEASE}-pull-requests")["FORGE"]
    without = {"FORGE": json.dumps(json.loads(of_forge) | {"kind": "none", "apiUrl": "", "repositories": []})}
    told = {name: without if name == "pull-requests" else {} for name in OURS}
    return {name: stack.enter_context(processes.ours(folder, name, kubectl, made, **told[name])).pid for name in OURS}


def until(what: str, holds: Callable[[], bool]) -> float:
    """Return the seconds until it holds. Raises RuntimeError."""
    begun = time.monotonic()

    def held() -> bool:
        # An API server that is busy with a thousand of everything may be late with an answer.
        try:
            return holds()
        except (ApiError, httpx2.HTTPError):
            return False

    if not wait.until(held, PATIENCE_SECONDS, 1):
        raise RuntimeError(f"{what}: not within {PATIENCE_SECONDS:.0f} s")
    return round(time.monotonic() - begun, 1)


def apply(client: Client, count: int) -> None:
    """Apply so many Previews by hand."""

    def one(number: int) -> None:
        item = objects.new(OWNER, REPO, number, previews.NAMESPACE)
        item["spec"]["head"] = f"{number:040x}"
        client.create(objects.Resource.from_dict(item))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(1, count + 1)))


def phases(client: Client, phase: str) -> int:
    """Return how many Previews are in a phase."""
    found = map(kube.as_dict, client.list(objects.Resource, namespace=previews.NAMESPACE))
    return sum((item.get("status") or {}).get("phase") == phase for item in found)


def expire(client: Client) -> None:
    """Say of all previews that their time is over."""
    patch = {"metadata": {"annotations": dict.fromkeys(labels.EXPIRES, PAST)}}

    def one(item: Any) -> None:
        client.patch(Namespace, item.metadata.name, patch, patch_type=PatchType.MERGE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, there(client)))


def there(client: Client) -> list[Any]:
    """Return the namespaces of previews."""
    return list(client.list(Namespace, labels={labels.RELEASE: previews.RELEASE}))


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Let so many previews come, stand and go; return what that took."""
    kube.learn(objects.Resource, kube.Workflow, Deployment, Namespace, Pod, Service)
    with ExitStack() as stack:
        kubectl, pids = stack.enter_context(cluster(folder))
        made = install(kubectl, folder)
        assert kubectl.kubeconfig
        client = release.client(kubectl.kubeconfig)
        until("the kinds are served", lambda: release.serves(client, objects.Resource, kube.Workflow))
        maps = [dict(item) for item in made if item["kind"] == "ConfigMap"]
        previews.apply(kubectl, "administrator", maps, f"--namespace={previews.NAMESPACE}")
        nodes(client)
        pids |= ours(stack, kubectl, folder, made)
        played = Played(client)
        thread = threading.Thread(target=played.run, daemon=True)
        thread.start()
        begun = time.monotonic()
        apply(client, count)
        until("all are Ready", lambda: phases(client, "Ready") == count)
        found: dict[str, Any] = {"fleet_previews": count, "fleet_ready_seconds": round(time.monotonic() - begun, 1)}
        before = {name: worked(pid) for name, pid in pids.items()}
        time.sleep(STILL_SECONDS)
        found["fleet_idle_processors"] = {
            name: round((worked(pid) - before[name]) / STILL_SECONDS, 3) for name, pid in pids.items()
        }
        found["fleet_pods"] = sum(
            kube.as_dict(pod)["status"].get("phase") == "Running" for pod in client.list(Pod, namespace="*")
        )
        expire(client)
        found["fleet_gone_seconds"] = until("all namespaces are gone", lambda: not there(client))
        found["fleet_peak_mb"] = {name: processes.peak_megabytes(pid) for name, pid in pids.items()}
        played.stop()
        thread.join()
    return found


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 where one of our processes takes too much memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--previews", type=int, default=1000)
    count = parser.parse_args(arguments).previews
    with tempfile.TemporaryDirectory() as name:
        try:
            found = measure(Path(name), count)
        except Exception:
            for log in sorted(Path(name).glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}", file=sys.stderr)
            raise
    figures.record(found)
    print(json.dumps(found, indent=2))
    return int(any(found["fleet_peak_mb"][each] > MOST_MEGABYTES for each in OURS))


if __name__ == "__main__":
    sys.exit(main())
