"""What a pass of the reaper over many expired previews costs: `make bench-reaper`.

It is the process as the chart starts it, with the chart's rights and policies, on a real etcd and API server. Nothing
else acts there, so a namespace that is told to go stays in Terminating: it counts as gone. Writes its figures into
out/bench/lifecycle.json, beside those of others.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import Namespace

from benchmarks import figures, processes
from idag.command import ends_in_words
from idag.render import helm
from idag.render.manifests import Object
from implementation_dag.base import wait
from implementation_dag.contract import labels
from scripts.chart.render.project import CHART
from scripts.lab.kubectl import Kubectl
from tests.api import previews, release, server

PREVIEWS = 5000
LIMITS = {"reaper_seconds": 60.0, "reaper_peak_mb": 200.0}
PAST = "2026-01-01T00:00:00Z"
PATIENCE_SECONDS = 600
CLUSTER = {"CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
POLICIES = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def install(kubectl: Kubectl, folder: Path) -> list[Object]:
    """Bring the release's rights and policies in force; return its objects."""
    values = folder / "values.json"
    values.write_text(json.dumps(previews.VALUES | {"policies": previews.VALUES["policies"] | {"install": "always"}}))
    objects = helm.template(CHART, values, release=previews.RELEASE, namespace=previews.NAMESPACE)
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": previews.NAMESPACE}}
    previews.apply(kubectl, "administrator", [home, previews.WORKFLOWS])
    for kinds in (CLUSTER, POLICIES):
        items = [dict(item) for item in objects if item["kind"] in kinds]
        previews.apply(kubectl, "administrator", items, f"--namespace={previews.NAMESPACE}")
    return objects


def fill(client: Client, count: int) -> None:
    """Make so many previews whose time is over."""

    def make(number: int) -> None:
        item = previews.preview(f"impl-bench-pr-{number}", previews.RELEASE, f"bench-pr-{number}.preview.example.com")
        item["metadata"]["annotations"] |= dict.fromkeys(labels.EXPIRES, PAST)
        client.create(from_dict(item))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(1, count + 1)))


def measure(kubectl: Kubectl, objects: list[Object], folder: Path, count: int) -> dict[str, float]:
    """Start the reaper, wait for its pass to end, and return seconds from its start and its peak in MB."""
    log, done = folder / "reaper.log", re.compile(rf"\b{count} things went")
    start = time.monotonic()
    with processes.ours(folder, "reaper", kubectl, objects) as process:
        if not wait.until(lambda: done.search(log.read_text()), PATIENCE_SECONDS, 0.2):
            raise RuntimeError(f"the pass has not ended after {PATIENCE_SECONDS} s:\n{log.read_text()[-2000:]}")
        seconds = time.monotonic() - start
        peak = processes.peak_megabytes(process.pid)
    return {"reaper_seconds": round(seconds, 1), "reaper_peak_mb": peak}


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 where a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reaper", description=__doc__)
    parser.add_argument("--previews", type=int, default=PREVIEWS)
    count = parser.parse_args(arguments).previews
    with tempfile.TemporaryDirectory() as name, server.running(Path(name)) as kubectl:
        folder = Path(name)
        objects = install(kubectl, folder)
        assert kubectl.kubeconfig
        client = release.client(kubectl.kubeconfig)
        fill(client, count)
        found = measure(kubectl, objects, folder, count)
        there = client.list(Namespace, labels={labels.RELEASE: previews.RELEASE})
        left = [item for item in there if not (item.metadata and item.metadata.deletionTimestamp)]
        if left:
            raise RuntimeError(f"{len(left)} of {count} previews were not told to go")
    figures.record(found)
    for figure, value in found.items():
        held = "held    " if value <= LIMITS[figure] else "NOT held"
        print(f"{held} {figure} {value:g} (≤ {LIMITS[figure]:g}), {count} previews")
    return 0 if all(value <= LIMITS[figure] for figure, value in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
