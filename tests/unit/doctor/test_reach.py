"""What the doctor makes of the ingress controller's answers."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from idag.doctor import reach
from idag.doctor.cluster import Cluster
from implementation_dag.base.asking import Failure
from implementation_dag.check.finding import Finding, Level
from implementation_dag.preview.protocols import Probe, Protocol
from tests.unit.doctor.test_checks import provisioner

NAME = "https://doctor.preview.example.com"
ADDRESS = "10.96.0.80"


def cluster(
    ingress: str = ADDRESS, trust: str = "", bundle: str | None = None, deploy: Any = None, fences: str = ""
) -> Cluster:
    """A release for preview.example.com; `bundle` is the content of its trusted ConfigMap, None without one."""
    volumes = [{"name": "trust", "configMap": {"name": trust}}] if trust else []
    settings = json.dumps({"deploy": {"set": deploy or {}}})
    container = {"env": [{"name": "SETTINGS", "value": settings}]}
    template: dict[str, Any] = {
        "metadata": {"name": "implementation-dag"},
        "spec": {
            "arguments": {"parameters": [{"name": "domain", "value": "preview.example.com"}]},
            "templates": [{"name": "acceptance", "volumes": volumes, "container": container}],
        },
    }
    maps: list[dict[str, Any]] = (
        [] if bundle is None else [{"metadata": {"name": trust}, "data": {"ca-bundle.crt": bundle}}]
    )
    objects = {"workflowtemplates": [template], "configmaps": maps if bundle is not None else []}
    objects["deployments"] = [provisioner(fences)]
    return Cluster("workflows", "implementation-dag", "v1.35.4", ingress, objects)


def answers(second: str = "HTTP/2", **failures: Failure) -> tuple[Probe, ...]:
    """Probes by both protocols; `http1` and `http2` name what failed."""
    probes = []
    for key, protocol, spoken in (("http1", Protocol.HTTP1, "HTTP/1.1"), ("http2", Protocol.HTTP2, second)):
        failure = failures.get(key)
        probes.append(Probe(NAME, protocol, "" if failure else spoken, None if failure else 404, failure, "why"))
    return tuple(probes)


@pytest.mark.parametrize(
    ("probes", "level", "said"),
    [
        (answers(), Level.OK, "HTTP/1.1 and HTTP/2 are served"),
        (answers("HTTP/1.1"), Level.OK, "HTTP/2 is not offered"),
        (answers(http2=Failure.CLOSED), Level.PROBLEM, "HTTP/2 is offered and not served"),
        (answers(http1=Failure.CLOSED), Level.PROBLEM, "HTTP/1.1 is not"),
        (answers(http1=Failure.CLOSED, http2=Failure.CLOSED), Level.PROBLEM, "closed: why"),
        (answers(http1=Failure.TLS, http2=Failure.TLS), Level.PROBLEM, "tls: why"),
        (answers(http1=Failure.TCP, http2=Failure.TCP), Level.PROBLEM, "tcp: why"),
        (answers(http1=Failure.TIMEOUT, http2=Failure.TIMEOUT), Level.PROBLEM, "why"),
        (answers(http1=Failure.HTTP, http2=Failure.HTTP), Level.PROBLEM, "why"),
    ],
)
def test_each_answer_has_its_meaning(probes: tuple[Probe, ...], level: Level, said: str) -> None:
    finding = reach.judge(cluster(), probes)
    assert finding.level == level
    assert said in finding.message
    assert bool(finding.remedy) == (level != Level.OK)


def test_what_to_do_about_http2_is_said() -> None:
    assert "restart the ingress controller" in reach.judge(cluster(), answers(http2=Failure.CLOSED)).remedy


def test_an_address_that_only_the_cluster_reaches_is_no_problem() -> None:
    lost = answers(http1=Failure.TCP, http2=Failure.TCP)
    assert reach.judge(cluster(ingress=""), lost).level == Level.UNKNOWN


@pytest.mark.parametrize(
    "own", [cluster(deploy={"ingress.tlsSecret": "preview-tls"}), cluster(fences="kind: Certificate\n")]
)
def test_previews_with_their_own_certificates_cannot_be_judged_by_a_name_without_one(own: Cluster) -> None:
    untrusted = answers(http1=Failure.TLS, http2=Failure.TLS)
    assert reach.judge(own, untrusted).level == Level.UNKNOWN


def findings(monkeypatch: pytest.MonkeyPatch, found: Cluster) -> tuple[list[Finding], list[Any]]:
    """What the check says, and how the ingress controller was asked: URL, authorities, address."""
    asked = []

    def probe(url: str, ca_file: Path | None, *, at: str) -> tuple[Probe, ...]:
        if ca_file and ca_file.read_text() == "nonsense":
            raise OSError("no certificate")
        asked.append((url, ca_file and ca_file.read_text(), at))
        return answers()

    monkeypatch.setattr(reach, "probe", probe)
    return list(reach.domain(found)), asked


def test_the_pipelines_authorities_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    said, asked = findings(monkeypatch, cluster(trust="own-ca", bundle="PEM"))
    assert [item.level for item in said] == [Level.OK]
    ((url, trusted, at),) = asked
    assert url.startswith("https://doctor-")
    assert url.endswith(".preview.example.com")
    assert (trusted, at) == ("PEM", ADDRESS)


def test_without_a_trust_config_map_the_systems_authorities_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    _, asked = findings(monkeypatch, cluster())
    assert asked[0][1] is None


@pytest.mark.parametrize(("bundle", "said"), [(None, "no ConfigMap own-ca"), ("nonsense", "no usable certificate")])
def test_a_trust_config_map_that_is_no_use_is_named(
    bundle: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finding,), asked = findings(monkeypatch, cluster(trust="own-ca", bundle=bundle))
    assert (finding.level, finding.subject) == (Level.PROBLEM, "trust.configMap")
    assert said in finding.message
    assert asked == []


def test_a_name_that_this_machine_cannot_resolve_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (finding,), asked = findings(monkeypatch, cluster(ingress=""))
    assert finding.level == Level.UNKNOWN
    assert "--ingress" in finding.remedy
    assert asked == []


def test_a_name_that_resolves_is_asked_where_it_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("192.0.2.7", 443))])
    said, asked = findings(monkeypatch, cluster(ingress=""))
    assert [item.subject for item in said] == ["wildcard domain", "HTTPS"]
    assert asked[0][2] == ""
