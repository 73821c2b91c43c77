"""Can previews be reached: the wildcard domain, and what the ingress controller serves below it."""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

from implementation_dag.base.asking import Failure
from implementation_dag.check.finding import Finding, ok, problem, unknown
from implementation_dag.preview.protocols import Probe, Protocol, fault, probe

from .cluster import Cluster

BUNDLE = "ca-bundle.crt"


def domain(cluster: Cluster) -> Iterable[Finding]:
    """A name below the wildcard domain resolves, and HTTPS is served there by each protocol that is offered.

    No Ingress has the name, so the answer is the controller's own; its status does not matter.
    """
    template = cluster.named("workflowtemplates", cluster.release)
    if template is None:
        return
    arguments = {item["name"]: item.get("value", "") for item in template["spec"]["arguments"]["parameters"]}
    name = f"doctor-{secrets.token_hex(4)}.{arguments['domain']}"
    if not cluster.ingress:
        try:
            address = socket.getaddrinfo(name, 443, proto=socket.IPPROTO_TCP)[0][4][0]
        except OSError as error:
            yield unknown(
                "wildcard domain",
                f"{name} does not resolve from this machine ({error})",
                f"point *.{arguments['domain']} to the ingress; a name that only the cluster resolves is fine, "
                "then give the ingress's address with --ingress",
            )
            return
        yield ok("wildcard domain", f"{name} is {address}")
    yield from https(cluster, name)


def https(cluster: Cluster, name: str) -> Iterable[Finding]:
    """HTTPS at `name`, verified by what the pipeline trusts."""
    bundle = ""
    if config := _trusted(cluster):
        bundle = ((cluster.named("configmaps", config) or {}).get("data") or {}).get(BUNDLE, "")
        if not bundle:
            yield problem(
                "trust.configMap", f"no ConfigMap {config} with {BUNDLE}", "create it, or every step will wait"
            )
            return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(bundle)
        file.flush()
        try:
            probes = probe(f"https://{name}", Path(file.name) if bundle else None, at=cluster.ingress)
        except OSError as error:  # ssl.SSLError is an OSError
            yield problem("trust.configMap", f"{config} holds no usable certificate ({error})", "PEM is needed")
            return
    yield judge(cluster, probes)


def judge(cluster: Cluster, probes: tuple[Probe, ...]) -> Finding:
    """Return what the answers of the ingress controller mean."""
    what = fault(probes)
    if not what:
        second = next((one.spoken for one in probes if one.asked == Protocol.HTTP2 and not one.failure), "")
        if second == Protocol.HTTP2:
            return ok("HTTPS", "HTTP/1.1 and HTTP/2 are served below the wildcard domain")
        if second:
            return ok("HTTPS", "HTTP/1.1 is served below the wildcard domain, HTTP/2 is not offered: that will do")
        return problem("HTTPS", "; ".join(one.detail for one in probes), "look at the ingress controller's log")
    if len({one.failure for one in probes}) > 1:
        return problem(
            "HTTPS",
            what,
            "acceptance and browsers take HTTP/2 where it is offered: restart the ingress controller, "
            "or switch HTTP/2 off in it",
        )
    failure = probes[0].failure
    if failure == Failure.TLS and _own_certificates(cluster):
        return unknown("HTTPS", what, "previews have certificates of their own; this name has none")
    if failure == Failure.TLS:
        return problem(
            "HTTPS", what, "let the ingress controller serve a certificate of the domain, or trust its authority: "
            "trust.configMap (docs/operator.md)",
        )  # fmt: skip
    if failure == Failure.TCP and not cluster.ingress:
        return unknown("HTTPS", what, "is the ingress controller up? An address that only the cluster reaches is fine")
    return problem("HTTPS", what, "is the ingress controller up, and does the domain point to it?")


def _trusted(cluster: Cluster) -> str:
    """Name of the ConfigMap in trust.configMap, or nothing."""
    volumes = cluster.step("acceptance").get("volumes", [])
    return next((str(item["configMap"]["name"]) for item in volumes if item["name"] == "trust"), "")


def _own_certificates(cluster: Cluster) -> bool:
    """Whether previews get certificates of their own: from cert-manager, or from a Secret that values name."""
    given = cluster.settings.get("deploy", {}).get("set", {})
    return "kind: Certificate" in cluster.fences or any("tls" in key.lower() for key in given)
