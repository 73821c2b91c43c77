"""What Prometheus is given: a page for each alert, expressions of metrics that there are, and a way to the port."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from idag.render.objects import Objects
from scripts.chart.render.plugin import Renderer
from tests.unit.project.test_monitoring import declared

Object = dict[str, Any]
MONITORED = ["monitoring", "every-value", "own-platform", "pull-requests-polled"]
RUNBOOKS = Path("docs/runbooks")
# The alert that there is where values name prices and a budget.
BUDGET, BUDGETED = "IdagRepositoryOverBudget", ("monitoring", "every-value")


def rules(objects: Objects, kind: str) -> list[Object]:
    (found,) = objects.of("PrometheusRule")
    return [rule for group in found.data["spec"]["groups"] for rule in group["rules"] if kind in rule]


@pytest.mark.parametrize("case", MONITORED)
def test_each_alert_says_what_it_is_and_leads_to_a_page(case: str, render: Renderer) -> None:
    alerts = rules(render(case), "alert")
    for rule in alerts:
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert notes["summary"] and notes["description"]
        assert notes["runbook_url"].endswith(f"/runbooks/{rule['alert']}.md")
    found = {rule["alert"] for rule in alerts}
    assert found | ({BUDGET} if case not in BUDGETED else set()) == {page.stem for page in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("case", MONITORED)
def test_rules_read_metrics_that_there_are_of_this_release_alone(case: str, render: Renderer) -> None:
    objects = render(case)
    (monitor,) = objects.of("PodMonitor")
    job = f'job="{monitor.data["metadata"]["namespace"]}/{monitor.data["metadata"]["name"]}"'
    known = {f"implementation_dag_{name}" for name in declared()}
    records = {rule["record"] for rule in rules(objects, "record")}
    for rule in rules(objects, "expr"):
        assert job == f'job="{rule["labels"]["job"]}"'
        for name, labels in re.findall(r"(implementation_dag[_:][\w:]+){(.*?)}", rule["expr"]):
            assert labels.startswith(job), rule
            assert name in records if ":" in name else re.sub(r"_(bucket|sum|count)$", "", name) in known, name


@pytest.mark.parametrize(
    ("case", "components"),
    [
        ("monitoring", {"controller", "provisioner", "pull-requests", "receiver", "reaper"}),
        ("own-platform", {"controller", "provisioner"}),
        ("pull-requests-polled", {"controller", "provisioner", "pull-requests", "reaper"}),
    ],
)
def test_each_process_is_scraped_and_missed(case: str, components: set[str], render: Renderer) -> None:
    objects = render(case)
    assert {
        r["labels"]["component"] for r in rules(objects, "alert") if r["alert"] == "IdagControllerDown"
    } == components
    (monitor,) = objects.of("PodMonitor")
    spec = monitor.data["spec"]
    (chosen,) = spec["selector"]["matchExpressions"]
    for deployment in objects.of("Deployment"):
        template = deployment.data["spec"]["template"]
        labels, (container,) = template["metadata"]["labels"], template["spec"]["containers"]
        assert labels.items() >= spec["selector"]["matchLabels"].items()
        assert labels["app.kubernetes.io/component"] in chosen["values"]
        assert container["name"] == labels["app.kubernetes.io/component"], "alerts know it by this name"
        (port,) = [each for each in container["ports"] if each["name"] == spec["podMetricsEndpoints"][0]["port"]]
        told = {each["name"]: each.get("value") for each in container["env"]}
        assert told["METRICS_PORT"] == str(port["containerPort"])


@pytest.mark.parametrize(
    ("case", "peers"),
    [
        ("monitoring", [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]),
        ("own-platform", None),
        ("pull-requests-polled", None),
    ],
)
def test_only_who_scrapes_reaches_the_port_and_that_alone(
    case: str, peers: list[Object] | None, render: Renderer
) -> None:
    found = [
        each.data["spec"]
        for each in render(case).of("NetworkPolicy")
        if each.data["metadata"]["name"].endswith("-metrics")
    ]
    expected = {"from": peers, "ports": [{"protocol": "TCP", "port": 9090}]}
    assert [policy["ingress"] for policy in found] == ([[expected]] if peers else [])


def test_without_monitoring_there_is_nothing_of_the_operator(render: Renderer) -> None:
    assert not [*render("default").of("PodMonitor"), *render("default").of("PrometheusRule")]
