"""The local ingress: right from each cold start on, and without what would let a preview reach out by it."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx2
import pytest

from scripts.lab.cluster import addons, health, ingress
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, PREVIEW_DOMAIN, State

STARTS = 20
START_SECONDS = 120.0
NAMESPACE = "ingress-e2e"
SKIPPER = ("ingress", "skipper")


@pytest.fixture(scope="module")
def state() -> State:
    found = State.from_environment()
    assert health.api_ready(found), "the local cluster is not up: make up"
    return found


def kubectl(state: State, *arguments: str, text: str = "") -> str:
    return state.kubectl.run(*arguments, stdin=text)


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two processes a processor that only count, for as long as the test needs: a start takes its turn among them."""
    forever = "import sys, time\nend = time.monotonic() + 1800\nwhile time.monotonic() < end: sum(range(100000))"
    processes = [subprocess.Popen([sys.executable, "-c", forever]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def pod_names(state: State) -> set[str]:
    return set(kubectl(state, "get", "pods", "--namespace=ingress", "--selector=app=skipper", "--output=name").split())


@pytest.mark.long
def gone(state: State, pods: set[str]) -> bool:
    return not pod_names(state) & pods


def test_twenty_cold_starts_of_a_busy_machine_are_all_right(state: State) -> None:
    faults = []
    with busy_machine():
        for start in range(1, STARTS + 1):
            before = pod_names(state)
            kubectl(state, "delete", "--namespace=ingress", "--grace-period=1", "--ignore-not-found", *before)
            health.wait(state, "the ingress's end", partial(gone, state, before), START_SECONDS)
            health.wait(state, "the ingress", lambda: addons.ready(state, [SKIPPER]), START_SECONDS)
            # kube-proxy hears of the new pod a moment later; the fault that this is about never went by itself.
            fault = ingress.fault(state, seconds=5)
            print(f"cold start {start}: {fault or 'HTTP/1.1 and HTTP/2'}", flush=True)
            faults += [f"start {start}: {fault}"] if fault else []
    assert faults == []


# One filter of each kind that is switched off, as the annotations of an Ingress may name them.
REACHING_OUT = {
    "files": {"zalando.org/skipper-filter": 'static("/health", "/etc/skipper")'},
    "files-by-ratelimit": {"zalando.org/ratelimit": 'static("/health", "/etc/skipper")'},
    "program": {"zalando.org/skipper-filter": """lua("function request(c, p); c.serve({status_code=200}); end")"""},
    "password": {"zalando.org/skipper-filter": 'basicAuth("/etc/skipper/tls.key")'},
    "copy": {"zalando.org/skipper-filter": 'tee("http://10.96.0.1")'},
    "webhook": {"zalando.org/skipper-filter": 'webhook("http://10.96.0.1")'},
    "elsewhere": {"zalando.org/skipper-filter": 'setDynamicBackendUrl("http://10.96.0.1")'},
    "redirect": {"zalando.org/skipper-filter": 'redirectTo(302, "https://elsewhere.example.com")'},
    "log": {"zalando.org/skipper-filter": 'logHeader("request")'},
}
HARMLESS = {"zalando.org/skipper-filter": 'setResponseHeader("X-Frame-Options", "DENY")'}


def ingress_of(name: str, service: str, annotations: dict[str, str]) -> dict[str, Any]:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": annotations},
        "spec": {"ingressClassName": "skipper", "rules": [{"host": host(name), "http": {"paths": paths}}]},
    }


def application(state: State) -> list[dict[str, Any]]:
    """A Service in front of what is there anyway and answers: CoreDNS's own health."""
    (address,) = kubectl(
        state, "get", "pods", "--namespace=kube-system", "--selector=k8s-app=kube-dns",
        "--output=jsonpath={.items[*].status.podIP}",
    ).split()  # fmt: skip
    metadata = {"name": "app", "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": "app"}}
    return [
        service_of("app", {"ports": [{"port": 80, "targetPort": 8080}]}),
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv4",
            "ports": [{"port": 8080}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        },
    ]


def service_of(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def host(name: str) -> str:
    return f"{name}-{NAMESPACE}.{PREVIEW_DOMAIN}"


@pytest.fixture(scope="module")
def asked(state: State) -> Iterator[dict[str, httpx2.Response | None]]:
    """What the ingress answers for each Ingress, None where it asks elsewhere for ever."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    objects = [namespace, *application(state), service_of("empty", {"selector": {"app": "none"}})]
    objects += [service_of("name", {"type": "ExternalName", "externalName": "kubernetes.default.svc.cluster.local"})]
    annotated = {**REACHING_OUT, "harmless": HARMLESS}
    objects += [ingress_of(name, "app", annotations) for name, annotations in annotated.items()]
    objects += [ingress_of("external", "name", {}), ingress_of("empty", "empty", {})]
    try:
        kubectl(state, "apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        trust = ssl.create_default_context(cafile=str(state.pki / "ca.crt"))
        with httpx2.Client(verify=trust, http2=True, trust_env=False, timeout=5) as client:

            def ask(name: str) -> httpx2.Response | None:
                headers, extensions = {"Host": host(name)}, {"sni_hostname": host(name)}
                with contextlib.suppress(httpx2.TimeoutException):
                    return client.get(f"https://{INGRESS_SERVICE_IP}/health", headers=headers, extensions=extensions)
                return None

            def routed() -> bool:
                answer = ask("harmless")
                return answer is not None and answer.status_code == 200

            health.wait(state, "the routes", routed, 30)
            yield {name: ask(name) for name in (*annotated, "external", "empty")}
    finally:
        kubectl(state, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


@pytest.mark.parametrize("name", [*REACHING_OUT, "external"])
def test_a_route_that_would_reach_out_is_none(name: str, asked: dict[str, httpx2.Response | None]) -> None:
    answer = asked[name]
    assert answer is not None
    assert answer.status_code == 404


def test_the_charts_headers_and_the_word_for_no_endpoints_stay(asked: dict[str, httpx2.Response | None]) -> None:
    answer, empty = asked["harmless"], asked["empty"]
    assert answer is not None
    assert (answer.status_code, answer.headers["x-frame-options"]) == (200, "DENY")
    assert empty is not None
    assert (empty.status_code, empty.text) == (502, "no endpoints")
