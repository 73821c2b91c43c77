"""Where the API server is, helm asks the cluster that it installs into; without one nothing private is opened."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import yaml

from idag.render import helm
from idag.toolchain import tool
from scripts.chart.render.project import CHART

SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "kubernetes", "namespace": "default"},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["192.168.7.11"]}, {"addresses": ["192.168.7.12"]}],
    "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kubernetes", "namespace": "default"},
    "spec": {"clusterIPs": ["10.96.0.1", "fd00:10:96::1"], "ports": [{"port": 443, "targetPort": 6443}]},
}


OBJECTS = {
    "/api/v1/namespaces/default/services/kubernetes": SERVICE,
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes": SLICE,
}


def answers() -> dict[str, Any]:
    """What the API server says of itself, for the kinds of the chart and those that it looks up."""
    kinds: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for item in [*helm.template(CHART), SLICE, SERVICE]:
        plural = f"{item['kind'].lower()}s".replace("ys", "ies")
        entry = {"name": plural, "singularName": item["kind"].lower(), "kind": item["kind"], "verbs": ["get"]}
        kinds[item["apiVersion"]][plural] = entry | {"namespaced": "namespace" in item["metadata"]}
    lists = {
        version: {"kind": "APIResourceList", "groupVersion": version, "resources": list(entries.values())}
        for version, entries in kinds.items()
    }
    versions = [{"groupVersion": version, "version": version.rpartition("/")[2]} for version in kinds if "/" in version]
    groups = [
        {"name": found["groupVersion"].partition("/")[0], "versions": [found], "preferredVersion": found}
        for found in versions
    ]
    return OBJECTS | {
        "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
        "/api/v1": lists["v1"],
        **{f"/apis/{version}": found for version, found in lists.items() if "/" in version},
    }


class Answer(BaseHTTPRequestHandler):
    """Just so much of an API server as helm asks."""

    known: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        found = self.known.get(self.path.partition("?")[0])
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        self.wfile.write(json.dumps(found or status).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    Answer.known = answers()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def egress(objects: list[Any]) -> list[Any]:
    (policy,) = [item for item in objects if item and item["metadata"]["name"] == "implementation-dag-pipeline"]
    found: list[Any] = policy["spec"]["egress"]
    return found


def installed(binary: str, address: str, *flags: str) -> list[Any]:
    """The pipeline's egress as helm would install it into the cluster at `address`."""
    command = [str(tool(binary)), "template", "implementation-dag", str(CHART), "--dry-run=server"]
    command += ["--disable-openapi-validation", "--show-only=templates/network/pipeline.yaml", *flags]
    done = helm.call([*command, f"--kube-apiserver={address}"])
    assert done.returncode == 0, done.stderr
    return egress(list(yaml.safe_load_all(done.stdout)))


RULES = [
    {
        "to": [{"ipBlock": {"cidr": "192.168.7.11/32"}}, {"ipBlock": {"cidr": "192.168.7.12/32"}}],
        "ports": [{"protocol": "TCP", "port": 6443}],
    },
    {
        "to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}, {"ipBlock": {"cidr": "fd00:10:96::1/128"}}],
        "ports": [{"protocol": "TCP", "port": 443}],
    },
]


@pytest.mark.parametrize("binary", ["helm", "helm3"])
def test_helm_asks_the_cluster_where_its_api_server_is(binary: str, address: str) -> None:
    found = installed(binary, address)
    assert found[1:3] == RULES
    # Names, the API server, and what network.services names.
    assert len(found) == 4


def test_what_values_name_is_taken_instead(address: str) -> None:
    named = [{"to": [{"ipBlock": {"cidr": "10.0.0.5/32"}}], "ports": [{"protocol": "TCP", "port": 443}]}]
    found = installed("helm", address, f"--set-json=network.apiServer={json.dumps(named)}")
    assert found[1:2] == named
    assert len(found) == 3


def test_a_release_without_rights_in_the_cluster_does_not_ask(address: str) -> None:
    assert len(installed("helm", address, "--set=rbac.clusterScoped=false")) == 2


def test_without_a_cluster_only_public_addresses_are_open() -> None:
    found = egress(helm.template(CHART))
    assert len(found) == 2
    assert [peer["ipBlock"]["cidr"] for peer in found[1]["to"]] == ["0.0.0.0/0", "::/0"]
