"""discovery.py: from objects of the cluster to URLs to test."""

from __future__ import annotations

from typing import Any

import pytest

from implementation_dag.preview.discovery import discover


def ingress(name: str, *hosts: str, tls: tuple[str, ...] = ()) -> dict[str, Any]:
    spec: dict[str, Any] = {"rules": [{"host": host} for host in hosts]}
    if tls:
        spec["tls"] = [{"hosts": list(tls), "secretName": "cert"}]
    return {"metadata": {"name": name}, "spec": spec}


def service(name: str, *ports: dict[str, Any], address: dict[str, str] | None = None) -> dict[str, Any]:
    balancer = {"ingress": [address]} if address else {}
    return {
        "metadata": {"name": name},
        "spec": {"type": "LoadBalancer", "ports": list(ports)},
        "status": {"loadBalancer": balancer},
    }


def route(*hosts: str, **parent: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "impl-pr-7"},
        "spec": {
            "hostnames": list(hosts),
            "parentRefs": [{"name": "edge", "namespace": "gateways", **parent}],
        },
    }


GATEWAY = {
    "metadata": {"name": "edge", "namespace": "gateways"},
    "spec": {
        "listeners": [
            {"name": "plain", "port": 80, "protocol": "HTTP"},
            {"name": "secure", "port": 443, "protocol": "HTTPS"},
        ]
    },
}


def test_ingress_hosts_with_tls_are_https() -> None:
    found = discover([ingress("web", "shop.example.com", tls=("shop.example.com",))], [], [])
    assert found.urls == ("https://shop.example.com",)
    assert found.hosts == ("shop.example.com",)
    assert found.notes == ()


@pytest.mark.parametrize(("scheme"), ["http", "https"])
def test_ingress_without_tls_takes_the_given_scheme(scheme: Any) -> None:
    found = discover([ingress("web", "a.example.com")], [], [], ingress_without_tls=scheme)
    assert found.urls == (f"{scheme}://a.example.com",)


def test_a_wildcard_tls_entry_covers_one_label() -> None:
    objects = [ingress("web", "a.example.com", "a.b.example.com", tls=("*.example.com",))]
    found = discover(objects, [], [], ingress_without_tls="http")
    assert found.urls == ("https://a.example.com", "http://a.b.example.com")


@pytest.mark.parametrize(
    ("host", "said"),
    [("*.example.com", "wildcard"), ("a b", "no DNS name"), ("x" * 64 + ".com", "no DNS name")],
)
def test_hosts_that_cannot_be_tested_are_named_in_a_note(host: str, said: str) -> None:
    found = discover([ingress("web", host)], [], [])
    assert found.urls == ()
    assert len(found.notes) == 1
    assert said in found.notes[0]
    assert "Ingress web" in found.notes[0]


def test_an_ingress_without_hosts_is_noted() -> None:
    found = discover([{"metadata": {"name": "any"}, "spec": {"defaultBackend": {}}}], [], [])
    assert found.urls == ()
    assert "no rule names a host" in found.notes[0]


def test_order_is_by_name_and_nothing_comes_twice() -> None:
    objects = [ingress("b", "b.example.com", "a.example.com"), ingress("a", "c.example.com", "b.example.com")]
    expected = ("https://c.example.com", "https://b.example.com", "https://a.example.com")
    assert discover(objects, [], []).urls == expected
    assert discover(objects[::-1], [], []).urls == expected


def test_a_host_over_https_is_not_tested_over_http_too() -> None:
    objects = [ingress("plain", "a.example.com"), ingress("secure", "a.example.com", tls=("a.example.com",))]
    assert discover(objects, [], [], ingress_without_tls="http").urls == ("https://a.example.com",)


@pytest.mark.parametrize(
    ("parent", "gateways", "url"),
    [
        ({}, [], "https://a.example.com"),
        ({}, [GATEWAY], "https://a.example.com"),
        ({"sectionName": "plain"}, [GATEWAY], "http://a.example.com"),
        ({"port": 80}, [GATEWAY], "http://a.example.com"),
        ({"sectionName": "secure"}, [GATEWAY], "https://a.example.com"),
        ({"namespace": "elsewhere", "sectionName": "plain"}, [GATEWAY], "https://a.example.com"),
    ],
)
def test_httproute_is_https_unless_its_listeners_are_plain(
    parent: dict[str, Any], gateways: list[dict[str, Any]], url: str
) -> None:
    assert discover([], [route("a.example.com", **parent)], [], gateways=gateways).urls == (url,)


def test_a_route_that_its_gateway_refuses_is_noted() -> None:
    refused = route("a.example.com")
    condition = {
        "type": "Accepted",
        "status": "False",
        "reason": "NotAllowedByListeners",
        "message": "namespace",
    }
    refused["status"] = {"parents": [{"parentRef": {"name": "edge"}, "conditions": [condition]}]}
    found = discover([], [refused], [])
    assert found.notes == ("HTTPRoute web: gateway edge does not accept it: NotAllowedByListeners namespace",)


@pytest.mark.parametrize(
    ("port", "url"),
    [
        ({"port": 80}, "http://192.0.2.1"),
        ({"port": 443}, "https://192.0.2.1"),
        ({"port": 8080}, "http://192.0.2.1:8080"),
        ({"port": 9000, "name": "https-api"}, "https://192.0.2.1:9000"),
        ({"port": 9000, "name": "web", "appProtocol": "HTTP"}, "http://192.0.2.1:9000"),
        ({"port": 443, "appProtocol": "kubernetes.io/h2c"}, "http://192.0.2.1:443"),
    ],
)
def test_load_balancer_ports_that_speak_http(port: dict[str, Any], url: str) -> None:
    assert discover([], [], [service("lb", port, address={"ip": "192.0.2.1"})]).urls == (url,)


@pytest.mark.parametrize(
    "port",
    [
        {"port": 5432, "name": "postgres"},
        {"port": 443, "protocol": "UDP"},
        {"port": 80, "appProtocol": "redis"},
    ],
)
def test_load_balancer_ports_that_do_not_are_noted(port: dict[str, Any]) -> None:
    found = discover([], [], [service("lb", port, address={"ip": "192.0.2.1"})])
    assert found.urls == ()
    assert f"port {port['port']}" in found.notes[0]


def test_host_name_before_address_and_ipv6_in_brackets() -> None:
    both = service("a", {"port": 443}, address={"hostname": "lb.example.com", "ip": "192.0.2.1"})
    six = service("b", {"port": 8443}, address={"ip": "2001:db8::1"})
    found = discover([], [], [both, six])
    assert found.urls == ("https://lb.example.com", "https://[2001:db8::1]:8443")
    assert found.hosts == ("lb.example.com", "[2001:db8::1]:8443")


def test_a_balancer_without_address_is_noted_and_other_services_are_no_matter() -> None:
    inner = {"metadata": {"name": "db"}, "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}
    found = discover([], [], [inner, service("lb", {"port": 80})])
    assert found.urls == ()
    assert found.notes == ("Service lb: its load balancer has no address yet",)
