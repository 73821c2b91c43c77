"""The page of the metrics names each that there is, with its labels, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from implementation_dag.base import life, metrics
from implementation_dag.forge import http
from implementation_dag.provisioner import controller as provisioner
from implementation_dag.pull_requests import measures, receiver, showing
from implementation_dag.reaper import acting, controller

PAGE = Path("docs/monitoring.md")
# What has no labels of ours: the collector of looks names them itself.
DECLARED = (life, http, measures, receiver, showing, acting, controller, provisioner)
SHORT = {"cicd_pipeline_name": "pipeline", "cicd_pipeline_run_state": "state", "cicd_pipeline_result": "result"}


def declared() -> dict[str, tuple[str, ...]]:
    """Every metric by its name as the page has it, and its labels."""
    found = {}
    for module in DECLARED:
        for each in vars(module).values():
            if hasattr(each, "_labelnames"):
                (family,) = each.describe()
                name = family.name + ("_total" if family.type == "counter" else "")
                found[name.removeprefix(metrics.PREFIX)] = tuple(SHORT.get(label, label) for label in each._labelnames)
    return found | dict.fromkeys(("last_look_age_seconds", "look_faults_total"), ("kind",))


def test_the_page_names_each_metric_and_its_labels() -> None:
    told = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `") and line.count("|") == 5:
            _, names, labels, *_ = (cell.strip() for cell in line.split("|"))
            for name in re.findall(r"`(\w+)`", names):
                told[name] = tuple(filter(None, labels.split(", ")))
    assert told == declared()
