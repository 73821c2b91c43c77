"""The enforcer of NetworkPolicies is right: a truth table of connections between real pods, allowed and refused.

Without it a refused attack could mean that nothing was there, and an allowed one that nobody enforced.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .box import Box
from .network import SERVER, run_pod, tried

# When nobody enforces, the attacks of the main path fail as well.
pytestmark = pytest.mark.long

A, B = "isolation-truth-a", "isolation-truth-b"
NEAR = {"podSelector": {"matchLabels": {"role": "near"}}}
OF_B = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": B}}}
# Server → ingress rules of the policy that selects it; None: no policy.
INGRESS: dict[str, list[dict[str, Any]] | None] = {
    "open": None,
    "deny": [],
    "pod": [{"from": [NEAR]}],
    "namespace": [{"from": [OF_B]}],
    "both": [{"from": [OF_B | NEAR]}],
    "either": [{"from": [OF_B, NEAR]}],
    "port": [{"ports": [{"protocol": "TCP", "port": 8081}]}],
    "range": [{"ports": [{"protocol": "TCP", "port": 8081, "endPort": 8082}]}],
    "udp": [{"ports": [{"protocol": "UDP", "port": 8080}]}],
    "block": [{"from": [{"ipBlock": {"cidr": "10.244.0.0/16", "except": ["a/far", "b/far"]}}]}],
}
# Client in namespace B → egress rules of the policy that selects it.
EGRESS: dict[str, list[dict[str, Any]]] = {
    "caged": [
        {
            "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "open"}}}],
            "ports": [{"protocol": "TCP", "port": 8080}],
        }
    ],
    "fenced": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["a/open"]}}]}],
    "mute": [],
}
TCP, EVERYBODY = ("tcp", 8080), {"a/near", "a/far", "b/near", "b/far"}
# (server, protocol, port) → clients for whom it is open; for everybody else it is closed.
OPEN: dict[tuple[str, str, int], set[str]] = {
    ("open", *TCP): EVERYBODY | {"b/caged"},
    ("open", "tcp", 8081): EVERYBODY,
    ("open", "udp", 8080): EVERYBODY,
    ("deny", *TCP): set(),
    ("deny", "udp", 8080): set(),
    ("pod", *TCP): {"a/near"},
    ("namespace", *TCP): {"b/near", "b/far", "b/fenced"},
    ("both", *TCP): {"b/near"},
    ("either", *TCP): {"a/near", "b/near", "b/far", "b/fenced"},
    ("port", *TCP): set(),
    ("port", "tcp", 8081): EVERYBODY | {"b/fenced"},
    ("port", "udp", 8080): set(),
    ("range", *TCP): set(),
    ("range", "tcp", 8081): EVERYBODY | {"b/fenced"},
    ("range", "tcp", 8082): EVERYBODY | {"b/fenced"},
    ("range", "tcp", 8083): set(),
    ("udp", *TCP): set(),
    ("udp", "udp", 8080): EVERYBODY | {"b/fenced"},
    ("block", *TCP): {"a/near", "b/near", "b/fenced"},
}
CLIENTS = ["a/near", "a/far", "b/near", "b/far", "b/caged", "b/fenced", "b/mute"]
IDLE = "import time; time.sleep(3600)"


def namespace(letter: str) -> str:
    return {"a": A, "b": B}[letter]


@pytest.fixture(scope="module")
def table(prepared_box: Box) -> Iterator[dict[tuple[str, str, str, int], str]]:
    """(client, server, protocol, port) → what came of it."""
    made = prepared_box
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    made.kubectl.apply(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": restricted}} for name in (A, B)]
    )
    try:
        pods = [(A, name, SERVER) for name in INGRESS]
        pods += [(namespace(client[0]), client[2:], IDLE) for client in CLIENTS]
        for where, name, program in pods:
            pod = made.pod(name, program)
            pod["metadata"]["labels"]["role"] = name
            run_pod(made, where, pod)
        for where in (A, B):
            made.kubectl.run("wait", "--for=condition=Ready", "pods", "--all", f"--namespace={where}", "--timeout=240s")
        addresses = {
            f"{letter}/{item['metadata']['name']}": str(item["status"]["podIP"])
            for letter in "ab"
            for item in made.kubectl.items("pods", f"--namespace={namespace(letter)}")
        }
        made.kubectl.apply(policies(addresses))
        wait_until_closed(made, addresses)
        asked = list(OPEN)
        targets = [(protocol, addresses[f"a/{server}"], port) for server, protocol, port in asked]
        yield {
            (client, *key): words
            for client in CLIENTS
            for key, words in zip(asked, tried(made, namespace(client[0]), *targets, pod=client[2:]), strict=True)
        }
    finally:
        made.kubectl.run("delete", "namespace", A, B, "--ignore-not-found", "--timeout=180s")


def policies(addresses: dict[str, str]) -> list[dict[str, Any]]:
    """The policies of both tables, names in `except` replaced by addresses."""

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: [f"{addresses[name]}/32" for name in item] if key == "except" else resolved(item)
                for key, item in value.items()
            }
        return [resolved(item) for item in value] if isinstance(value, list) else value

    found = []
    for direction, where, rules in (("Ingress", A, INGRESS), ("Egress", B, EGRESS)):
        for name, rule in rules.items():
            if rule is not None:
                spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": [direction]}
                metadata = {"name": name, "namespace": where}
                found.append(
                    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
                    | {"spec": spec | {direction.lower(): resolved(rule)}}
                )
    return found


def wait_until_closed(made: Box, addresses: dict[str, str]) -> None:
    """Until the enforcer has read the last policy that was made."""
    for _ in range(20):
        if tried(made, B, ("tcp", addresses["a/deny"], 8080), pod="mute") != ["open"]:
            return
    raise AssertionError("nobody enforces the policies: a connection that none allows is open")


@pytest.mark.parametrize(("server", "protocol", "port"), OPEN)
def test_truth(table: dict[tuple[str, str, str, int], str], server: str, protocol: str, port: int) -> None:
    found = {client for client in CLIENTS if table[client, server, protocol, port] == "open"}
    assert found == OPEN[server, protocol, port]
