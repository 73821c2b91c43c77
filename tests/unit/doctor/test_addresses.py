"""The doctor compares the fences with the cluster's own addresses, and prints the values that fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from idag.doctor import addresses
from idag.doctor.cluster import Cluster
from idag.render import helm
from implementation_dag.check.finding import Finding, Level
from scripts.chart.render.project import CHART

SLICE = {"endpoints": [{"addresses": ["10.0.0.11"]}, {"addresses": ["10.0.0.12"]}], "ports": [{"port": 6443}]}
SERVICE = {"spec": {"clusterIPs": ["10.96.0.1", "fd00::1"], "ports": [{"port": 443}]}}
CACHE = {
    "spec": {
        "template": {
            "spec": {"containers": [{"args": ["-localip", "169.254.20.10,10.96.0.10", "-conf", "/etc/Corefile"]}]}
        }
    }
}


def cluster(values: dict[str, Any], tmp_path: Any) -> Cluster:
    """The release with these values, in a cluster with a private API server and DNS caches on its nodes."""
    path = tmp_path / "values.json"
    path.write_text(json.dumps(values))
    found = helm.template(CHART, path)
    objects: dict[str, list[Any]] = {
        "networkpolicies": [item for item in found if item["kind"] == "NetworkPolicy"],
        "workflowtemplates": [item for item in found if item["kind"] == "WorkflowTemplate"],
        "deployments": [item for item in found if item["kind"] == "Deployment"],
        "kubernetes endpointslice": [SLICE],
        "kubernetes service": [SERVICE],
        "all daemonsets": [CACHE],
    }
    return Cluster("workflows", "implementation-dag", "v1.36.0", objects=objects)


def values_of(finding: Finding) -> dict[str, Any]:
    assert finding.remedy.startswith("values: ")
    found: dict[str, Any] = yaml.safe_load(finding.remedy.removeprefix("values: "))
    return found


@pytest.mark.parametrize(
    ("check", "named"),
    [
        (addresses.api_server, "10.0.0.11:6443, 10.0.0.12:6443, 10.96.0.1:443, fd00::1:443"),
        (addresses.dns_caches, "169.254.20.10"),
    ],
)
def test_what_is_closed_is_named_with_values_that_open_it(check: Any, named: str, tmp_path: Any) -> None:
    (found,) = check(cluster({}, tmp_path))
    assert found.level == Level.PROBLEM
    assert named in found.message
    (after,) = check(cluster(values_of(found), tmp_path))
    assert after.level == Level.OK
    assert named in after.message


def test_a_port_beside_the_api_server_s_does_not_count(tmp_path: Any) -> None:
    rules = [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP", "port": 443}]}]
    (found,) = addresses.api_server(cluster({"network": {"apiServer": rules}}, tmp_path))
    assert "does not open 10.0.0.11:6443" in found.message


def test_without_a_fence_or_caches_there_is_nothing_to_say(tmp_path: Any) -> None:
    found = cluster({"network": {"enabled": False}}, tmp_path)
    assert list(addresses.api_server(found)) == []
    found.objects["all daemonsets"] = []
    assert list(addresses.dns_caches(found)) == []
