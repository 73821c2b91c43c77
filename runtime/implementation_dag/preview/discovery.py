"""Where a deployed application answers: URLs read from its Ingresses, HTTPRoutes and LoadBalancer Services.

Pure functions over objects as the API server returns them. How the scheme of a URL is chosen:

- Ingress: https for a host that a `tls` entry covers. Without one the scheme is `ingress_without_tls`, https
  by default: the specification tests https://HOST/, as ingress controllers often hold a wildcard certificate.
- HTTPRoute: https, unless its parent Gateway is given and all listeners that it attaches to speak plain HTTP.
- LoadBalancer Service: by each port's appProtocol, else its name, else its number (80, 443, 8080, 8443).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from implementation_dag.base.errors import StepError

Object = Mapping[str, Any]
Scheme = Literal["http", "https"]

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
_URL = re.compile(
    r"https?://(?:(?P<host>[a-z0-9.-]{1,253})|(?P<address>\[[0-9a-f:.]{2,45}\]))(?::(?P<port>[0-9]{1,5}))?"
)
_ADDRESS = re.compile(r"[0-9a-f:.]{2,45}")
# As many as acceptance tests.
MOST_URLS = 50
_DEFAULT_PORTS: dict[Scheme, int] = {"http": 80, "https": 443}
_SCHEME_OF_PORT: dict[int, Scheme] = {80: "http", 8080: "http", 443: "https", 8443: "https"}
_SCHEME_OF_PROTOCOL: dict[str, Scheme] = {
    "http": "http",
    "kubernetes.io/h2c": "http",
    "kubernetes.io/ws": "http",
    "https": "https",
    "kubernetes.io/wss": "https",
}


@dataclass(frozen=True)
class Discovery:
    """URLs without a trailing slash, their hosts (with an unusual port), and what was left out and why.

    Nothing is named twice; the order is that of kinds, then object names, then entries in the object.
    """

    urls: tuple[str, ...]
    hosts: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Found:
    urls: list[tuple[Scheme, str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def host(self, scheme: Scheme, host: str, origin: str) -> None:
        """Take a host name, or say why not."""
        if host.startswith("*"):
            self.notes.append(f"{origin}: host {host!r} is a wildcard: no single name to test, skipped")
        elif not _HOST.fullmatch(host):
            self.notes.append(f"{origin}: host {host!r} is no DNS name, skipped")
        else:
            self.urls.append((scheme, host, _DEFAULT_PORTS[scheme]))


def checked(text: str) -> list[str]:
    """Return the URLs in the JSON list `text`, which a preview's deployer wrote. Raises StepError when one is none.

    They become an output parameter, and Argo evaluates what stands in one: only scheme, host and port may.
    """
    try:
        urls = json.loads(text)
    except (ValueError, RecursionError):
        urls = None
    if not isinstance(urls, list) or len(urls) > MOST_URLS:
        raise StepError(f"the deployment's urls are {text[:80]!a}: must be a JSON list of at most {MOST_URLS} URLs")
    for url in urls:
        if not isinstance(url, str) or not _is_url(url):
            raise StepError(
                f"the deployment's urls name {str(url)[:80]!a}: must be http(s)://HOST or http(s)://HOST:PORT"
            )
    return urls


def _is_url(url: str) -> bool:
    match = _URL.fullmatch(url)
    if not match or not (match["address"] or _HOST.fullmatch(match["host"])):
        return False
    return int(match["port"] or 1) in range(1, 65536)


def discover(
    ingresses: Iterable[Object],
    httproutes: Iterable[Object],
    services: Iterable[Object],
    *,
    gateways: Iterable[Object] = (),
    ingress_without_tls: Scheme = "https",
) -> Discovery:
    """Return the URLs at which the objects of one namespace expose an application.

    `gateways` are the HTTPRoutes' parents, where they may be read. An application that exposes nothing gives
    no URL; the notes then say what was seen and left out.
    """
    found = _Found()
    for ingress in _by_name(ingresses):
        _ingress(ingress, ingress_without_tls, found)
    known = {(_namespace(gateway), _name(gateway)): gateway for gateway in gateways}
    for route in _by_name(httproutes):
        _httproute(route, known, found)
    for service in _by_name(services):
        _service(service, found)
    secure = {host for scheme, host, port in found.urls if (scheme, port) == ("https", 443)}
    # The same host over http as well is the redirect to https, not a second application.
    kept = [url for url in found.urls if url[0] == "https" or url[2] != 80 or url[1] not in secure]
    return Discovery(
        urls=tuple(dict.fromkeys(_url(*url) for url in kept)),
        hosts=tuple(dict.fromkeys(_authority(*url) for url in kept)),
        notes=tuple(dict.fromkeys(found.notes)),
    )


def _ingress(ingress: Object, without_tls: Scheme, found: _Found) -> None:
    origin = f"Ingress {_name(ingress)}"
    spec = ingress.get("spec") or {}
    tls_hosts = [host for entry in spec.get("tls") or [] for host in entry.get("hosts") or []]
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    for host in hosts:
        covered = any(_covers(pattern, host) for pattern in tls_hosts)
        found.host("https" if covered else without_tls, host, origin)
    if not hosts:
        found.notes.append(f"{origin}: no rule names a host, so there is no name to test")


def _covers(pattern: str, host: str) -> bool:
    # As for certificates: "*.example.com" stands for one label.
    return pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


def _httproute(route: Object, gateways: Mapping[tuple[str, str], Object], found: _Found) -> None:
    origin = f"HTTPRoute {_name(route)}"
    spec = route.get("spec") or {}
    for parent in (route.get("status") or {}).get("parents") or []:
        for condition in parent.get("conditions") or []:
            if (condition.get("type"), condition.get("status")) == ("Accepted", "False"):
                reason = f"{condition.get('reason', '')} {condition.get('message', '')}".strip()
                found.notes.append(f"{origin}: gateway {parent['parentRef']['name']} does not accept it: {reason}")
    hostnames = spec.get("hostnames") or []
    scheme = _route_scheme(route, gateways)
    for host in hostnames:
        found.host(scheme, host, origin)
    if not hostnames:
        found.notes.append(f"{origin}: it names no hostnames, so there is no name to test")


def _route_scheme(route: Object, gateways: Mapping[tuple[str, str], Object]) -> Scheme:
    protocols = set()
    for parent in (route.get("spec") or {}).get("parentRefs") or []:
        gateway = gateways.get((parent.get("namespace") or _namespace(route), parent["name"]))
        for listener in ((gateway or {}).get("spec") or {}).get("listeners") or []:
            named = parent.get("sectionName") in (None, listener.get("name"))
            if named and parent.get("port") in (None, listener.get("port")):
                protocols.add(listener.get("protocol"))
    return "http" if protocols == {"HTTP"} else "https"


def _service(service: Object, found: _Found) -> None:
    spec = service.get("spec") or {}
    if spec.get("type") != "LoadBalancer":
        return
    origin = f"Service {_name(service)}"
    addresses = _addresses(service)
    if not addresses:
        found.notes.append(f"{origin}: its load balancer has no address yet")
    for port in spec.get("ports") or []:
        scheme = _port_scheme(port)
        if scheme is None:
            name = port.get("name") or port.get("protocol") or "TCP"
            found.notes.append(f"{origin}: port {port['port']} ({name}) is not known to speak HTTP, skipped")
            continue
        for address in addresses:
            if _HOST.fullmatch(address) or _ADDRESS.fullmatch(address):
                found.urls.append((scheme, address, int(port["port"])))
            else:
                found.notes.append(f"{origin}: load balancer {address!r} is no DNS name and no address, skipped")


def _addresses(service: Object) -> Sequence[str]:
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    # A host name first: certificates are rarely issued for addresses.
    return [address for entry in entries if (address := str(entry.get("hostname") or entry.get("ip") or "").lower())]


def _port_scheme(port: Mapping[str, Any]) -> Scheme | None:
    if port.get("protocol", "TCP") != "TCP":
        return None
    protocol = str(port.get("appProtocol") or "").lower()
    if protocol:
        return _SCHEME_OF_PROTOCOL.get(protocol)
    name = str(port.get("name") or "").lower().split("-")[0]
    return _SCHEME_OF_PROTOCOL.get(name) or _SCHEME_OF_PORT.get(int(port["port"]))


def _url(scheme: Scheme, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def _authority(scheme: Scheme, host: str, port: int) -> str:
    return _url(scheme, host, port).split("://", 1)[1]


def _by_name(objects: Iterable[Object]) -> list[Object]:
    return sorted(objects, key=_name)


def _name(item: Object) -> str:
    return str((item.get("metadata") or {}).get("name", ""))


def _namespace(item: Object) -> str:
    return str((item.get("metadata") or {}).get("namespace", ""))
