"""Whether the fences let through what lies at addresses of this cluster, and the lines of values that make them."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections.abc import Iterable, Iterator

from idag.render.manifests import load_all
from implementation_dag.check.finding import Finding, ok, problem

from .cluster import Cluster, Object

Place = tuple[str, int]


def api_server(cluster: Cluster) -> Iterable[Finding]:
    """The pipeline's own fence lets through to the API server, where it is now."""
    policy = cluster.named("networkpolicies", f"{cluster.release}-pipeline")
    if policy is None:
        return
    places = list(_api_server(cluster))
    missing = [place for place in places if not _opened([policy], *place)]
    told = ", ".join(f"{address}:{port}" for address, port in places)
    if not missing:
        yield ok("network.apiServer", f"the fence opens {told}")
        return
    rules = [
        {
            "to": [{"ipBlock": {"cidr": _block(address)}} for address, found in places if found == port],
            "ports": [{"protocol": "TCP", "port": port}],
        }
        for port in dict.fromkeys(port for _, port in places)
    ]
    closed = ", ".join(f"{address}:{port}" for address, port in missing)
    yield problem(
        "network.apiServer",
        f"the fence does not open {closed}: steps could not report, and the controller not work",
        f"values: network: {json.dumps({'apiServer': rules})}",
    )


def _api_server(cluster: Cluster) -> Iterator[Place]:
    """Where the API server is: its own addresses, and that of its Service before it is translated."""
    for item in cluster.objects.get("kubernetes endpointslice", []):
        for endpoint in item.get("endpoints") or []:
            for port in item.get("ports") or []:
                yield from ((address, port["port"]) for address in endpoint["addresses"])
    for item in cluster.objects.get("kubernetes service", []):
        for port in item["spec"]["ports"]:
            yield from ((address, port["port"]) for address in item["spec"]["clusterIPs"])


def dns_caches(cluster: Cluster) -> Iterable[Finding]:
    """Previews may ask the nodes' own DNS caches, which lie in no namespace."""
    fences = [item for item in load_all(cluster.fences) if item["kind"] == "NetworkPolicy"] if cluster.fences else []
    caches = list(_caches(cluster.objects.get("all daemonsets", [])))
    if not fences or not caches:
        return
    if all(_opened(fences, address, 53) for address in caches):
        yield ok("preview.network.dnsAddresses", f"the fences open {', '.join(caches)}")
        return
    yield problem(
        "preview.network.dnsAddresses",
        f"the nodes have DNS caches at {', '.join(caches)}, which previews and the pipeline may not ask",
        f"values: preview: {json.dumps({'network': {'dnsAddresses': caches}})}",
    )


def _caches(daemonsets: Iterable[Object]) -> Iterator[str]:
    """Addresses of NodeLocal DNSCache, as its argument -localip names them, those of Services left out."""
    for item in daemonsets:
        for container in item["spec"]["template"]["spec"]["containers"]:
            words = [*container.get("command", []), *container.get("args", [])]
            for flag, value in itertools.pairwise(part for word in words for part in word.split("=", 1)):
                if flag in ("-localip", "--localip"):
                    yield from (text for text in value.split(",") if ipaddress.ip_address(text).is_link_local)


def _opened(policies: Iterable[Object], address: str, port: int) -> bool:
    wanted = ipaddress.ip_address(address)
    return any(
        _holds(peer.get("ipBlock"), wanted)
        for policy in policies
        for rule in policy["spec"].get("egress", [])
        if not rule.get("ports") or port in [found.get("port") for found in rule["ports"]]
        for peer in rule.get("to", [])
    )


def _holds(block: Object | None, wanted: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if not block or wanted not in ipaddress.ip_network(block["cidr"], strict=False):
        return False
    return not any(wanted in ipaddress.ip_network(cidr, strict=False) for cidr in block.get("except", []))


def _block(address: str) -> str:
    return f"{address}/{ipaddress.ip_address(address).max_prefixlen}"
