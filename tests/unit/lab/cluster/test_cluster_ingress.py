"""`up` names what the ingress does not serve, and the manifest leaves nothing on that previews could use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.progress import Progress
from implementation_dag.base.asking import Failure
from implementation_dag.preview import protocols
from implementation_dag.preview.protocols import Probe, Protocol
from scripts.lab.cluster import addons, ingress
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, State
from scripts.lab.errors import LabError

STATE = State(Path("/nowhere/state"))


def answering(monkeypatch: pytest.MonkeyPatch, *probes: Probe) -> list[tuple[Any, ...]]:
    """Let the ingress answer like this; the list fills with how it is asked."""
    asked: list[tuple[Any, ...]] = []

    def probe(url: str, ca_file: Path, *, at: str) -> tuple[Probe, ...]:
        asked.append((url, ca_file, at))
        return probes

    monkeypatch.setattr(protocols, "probe", probe)
    monkeypatch.setattr(ingress, "SECONDS", 0.0)
    return asked


def whole(asked: Protocol, spoken: str) -> Probe:
    return Probe("https://x", asked, spoken, 404)


H1 = whole(Protocol.HTTP1, "HTTP/1.1")


def test_an_ingress_that_serves_both_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, H1, whole(Protocol.HTTP2, "HTTP/2"))
    assert ingress.fault(STATE) == ""
    ingress.wait(STATE, Progress("test"))
    assert asked[0] == (f"https://{ingress.NAME}", STATE.pki / "ca.crt", INGRESS_SERVICE_IP)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (Probe("https://x", Protocol.HTTP2, failure=Failure.CLOSED, detail="why"), "HTTP/2 is offered and not served"),
        (whole(Protocol.HTTP2, "HTTP/1.1"), "HTTP/2 is not served (HTTP/1.1)"),
        (Probe("https://x", Protocol.HTTP2, failure=Failure.TIMEOUT, detail="late"), "HTTP/2 is not served (late)"),
    ],
)
def test_up_says_what_is_not_served_and_what_to_do(second: Probe, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, H1, second)
    with pytest.raises(LabError) as error:
        ingress.wait(STATE, Progress("test"))
    assert said in str(error.value)
    assert "rollout restart deployment/skipper" in str(error.value)


@pytest.fixture
def container() -> dict[str, Any]:
    documents = yaml.safe_load_all((addons.MANIFESTS / "ingress.yaml").read_text())
    (deployment,) = [item for item in documents if item["kind"] == "Deployment"]
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_one_listener_and_its_health_is_asked_by_https(container: dict[str, Any]) -> None:
    listeners = [a for a in container["args"] if "address=" in a or ("-listener" in a and not a.endswith("="))]
    assert listeners == ["-address=:9443"]
    assert [port["name"] for port in container["ports"]] == ["https"]
    for name in ("readinessProbe", "livenessProbe"):
        asked = container[name]["httpGet"]
        assert (asked["port"], asked["scheme"]) == ("https", "HTTPS")


def test_filters_that_the_chart_and_skipper_itself_need_stay(container: dict[str, Any]) -> None:
    (argument,) = [a for a in container["args"] if a.startswith("-disabled-filters=")]
    off = argument.partition("=")[2].split(",")
    assert len(off) == len(set(off)) == 128
    assert all(name.isalpha() for name in off)
    assert not {"setResponseHeader", "status", "inlineContent", "disableAccessLog"} & set(off)
    assert {"static", "lua", "tee", "webhook", "setDynamicBackendUrl", "bearerinjector", "basicAuth"} <= set(off)
