"""Addresses that attacks open, all of them on this machine, and the pods they are opened from."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.lab.cluster.network import TABLE, firewall_rules
from scripts.lab.cluster.settings import API_SERVICE_IP, INGRESS_SERVICE_IP, NODE_IP, POD_BRIDGE
from scripts.lab.stand.environment import DEMO_NAMESPACE

from .box import METADATA_LOG, NEIGHBOUR, SHARED, WIDE, Box
from .corpus import Case

OPEN_NAMESPACE = "isolation-open"
# In the release namespace, with the label by which the pipeline's own fence finds its pods.
FENCED = "isolation-fenced"
# Beside the peer in the other preview: it may reach it.
FRIEND = "friend"
METADATA = "169.254.169.254"
NETNS, LINK = "isolation-meta", "isometa0"
GATEWAY = "10.244.0.1"
# Answers TCP and UDP on 8080 and TCP on 8081 to 8083, so that ports and their ranges can be told apart, and on the
# port of API servers.
SERVER = """
import selectors, socket
ready = selectors.DefaultSelector()
for port in (6443, *range(8080, 8084)):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    ready.register(listener, selectors.EVENT_READ)
datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
datagrams.bind(("::", 8080))
ready.register(datagrams, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fileobj is datagrams:
            datagrams.sendto(*datagrams.recvfrom(100))
        else:
            key.fileobj.accept()[0].close()
"""
# Prints a line for each address of its arguments: open, or the error's words.
CLIENT = """
import json, socket, sys
def tried(kind, host, port):
    try:
        if kind == "udp":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(2); s.connect((host, port)); s.send(b"x"); s.recv(10)
        else:
            socket.create_connection((host, port), timeout=2).close()
        return "open"
    except OSError as error:
        return str(error)
print(json.dumps([tried(*target) for target in json.loads(sys.argv[1])]))
"""


def start(box: Box) -> None:
    """Pods in three previews and in a namespace without any fence, all ready."""
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    box.kubectl.apply(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPEN_NAMESPACE, "labels": restricted}}]
    )
    for pr in (SHARED, NEIGHBOUR, WIDE):
        run_pod(box, f"impl-pr-{pr}", box.pod("peer", SERVER))
    run_pod(box, OPEN_NAMESPACE, box.pod("peer", SERVER))
    run_pod(box, f"impl-pr-{NEIGHBOUR}", box.pod(FRIEND, "import time; time.sleep(3600)"))
    fenced = box.pod(FENCED, "import time; time.sleep(3600)")
    fenced["metadata"]["labels"]["implementation-dag.dev/fenced"] = box.release
    run_pod(box, box.namespace, fenced)
    service = {"selector": {"app": "peer"}, "ports": [{"port": 80, "targetPort": 8080}]}
    metadata = {"name": "peer", "namespace": f"impl-pr-{NEIGHBOUR}"}
    box.kubectl.apply([{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}])
    box.kubectl.run("wait", "--for=condition=Ready", "pod", FENCED, f"--namespace={box.namespace}", "--timeout=120s")
    for namespace in (f"impl-pr-{SHARED}", f"impl-pr-{NEIGHBOUR}", f"impl-pr-{WIDE}", OPEN_NAMESPACE):
        box.kubectl.run("wait", "--for=condition=Ready", "pods", "--all", f"--namespace={namespace}", "--timeout=120s")


def run_pod(box: Box, namespace: str, pod: dict[str, Any]) -> None:
    """Create the pod in place of one of that name from a run that was cut."""
    box.kubectl.run("delete", "pod", pod["metadata"]["name"], f"--namespace={namespace}", "--ignore-not-found")
    box.kubectl.create(pod | {"metadata": pod["metadata"] | {"namespace": namespace}})


def address(box: Box, target: str) -> tuple[str, int]:
    """Host and port of a target by its name in the corpus."""

    def found(kind: str, name: str, namespace: str) -> dict[str, Any]:
        item = box.kubectl.get(kind, name, f"--namespace={namespace}")
        assert item, f"{kind} {namespace}/{name} is not there"
        return item

    def pod(selector: str, namespace: str) -> str:
        items = box.kubectl.items("pods", f"--namespace={namespace}", f"--selector={selector}")
        return str(items[0]["status"]["podIP"])

    def service(name: str, namespace: str) -> str:
        return str(found("service", name, namespace)["spec"]["clusterIP"])

    neighbour = f"impl-pr-{NEIGHBOUR}"
    addresses: dict[str, Callable[[], tuple[str, int]]] = {
        "other-preview-pod": lambda: (pod("app=peer", neighbour), 8080),
        "other-preview-udp": lambda: (pod("app=peer", neighbour), 8080),
        "other-preview-service": lambda: (service("peer", neighbour), 80),
        "other-preview-ipv6": lambda: (f"{link_local(box, neighbour)}%eth0", 8080),
        "ingress-pod": lambda: (pod("app=skipper", "ingress"), 9443),
        "ingress-service": lambda: (INGRESS_SERVICE_IP, 443),
        "private-6443": lambda: (pod("app=peer", OPEN_NAMESPACE), 6443),
        "api-service": lambda: (API_SERVICE_IP, 443),
        "api-node": lambda: (NODE_IP, 6443),
        "kubelet": lambda: (NODE_IP, 10250),
        "registry": lambda: (NODE_IP, 5000),
        "metadata": lambda: (METADATA, 80),
        "s3": lambda: (service("s3", DEMO_NAMESPACE), 7070),
        "git": lambda: (service("git", DEMO_NAMESPACE), 443),
        "controller": lambda: (
            pod(f"app.kubernetes.io/component=controller,app.kubernetes.io/instance={box.release}", box.namespace),
            8080,
        ),
    }
    return addresses[target]()


def link_local(box: Box, namespace: str) -> str:
    """The IPv6 address that the kernel gave the pod's link."""
    text = box.kubectl.run("exec", "peer", f"--namespace={namespace}", "--", "cat", "/proc/net/if_inet6")
    digits = next(line.split()[0] for line in text.splitlines() if line.endswith("eth0"))
    return ":".join(digits[i : i + 4] for i in range(0, 32, 4))


def tried(box: Box, namespace: str, *targets: tuple[str, str, int], pod: str = "peer") -> list[str]:
    """What came of opening each (tcp or udp, host, port) from the pod: `open`, or the error's words."""
    command = ("exec", pod, f"--namespace={namespace}", "--", "python3", "-c", CLIENT, json.dumps(targets))
    found: list[str] = json.loads(box.kubectl.run(*command))
    return found


def connect(box: Box, case: Case) -> str:
    """Open the address from a preview; those who may reach it must find it open, or the attack proves nothing."""
    target = ("udp" if case.given.endswith("udp") else "tcp", *address(box, case.given))
    if not case.given.endswith("ipv6"):  # the local cluster has no IPv6 between pods, fenced or not
        control = allowed(box, case.given, target)
        assert control == "open", f"{target} is not there even for those who may reach it: {control}"
    if case.options.get("from") == "pipeline":
        server = ("tcp", *address(box, "api-service"))
        assert tried(box, box.namespace, server, pod=FENCED) == ["open"], "the pipeline cannot reach its API server"
        (words,) = tried(box, box.namespace, target, pod=FENCED)
    elif case.options.get("wide"):
        registry = ("tcp", *address(box, "registry"))
        assert tried(box, f"impl-pr-{WIDE}", registry) == ["open"], "the wide egress opened nothing"
        (words,) = tried(box, f"impl-pr-{WIDE}", target)
    else:
        with ipv6_passes(case.given.endswith("ipv6") and "network" in box.without):
            (words,) = tried(box, f"impl-pr-{SHARED}", target)
    return words


@contextmanager
def ipv6_passes(wanted: bool) -> Iterator[None]:
    """Let the links' own IPv6 addresses reach each other, which the local cluster's bridge drops."""
    if wanted:
        subprocess.run(["nft", "flush", "chain", "bridge", TABLE, "forward"], check=True)
    try:
        yield
    finally:
        if wanted:
            subprocess.run(["nft", "-f", "-"], input=firewall_rules(), text=True, check=True)


def allowed(box: Box, name: str, target: tuple[str, str, int]) -> str:
    """What comes of opening the target from where it may be reached."""
    if name.startswith("other-preview"):
        return tried(box, f"impl-pr-{NEIGHBOUR}", target, pod=FRIEND)[0]
    if name == "controller":  # nobody in the cluster but the node's kubelet
        with socket.create_connection(target[1:], timeout=5):
            return "open"
    return tried(box, OPEN_NAMESPACE, target)[0]


@contextmanager
def metadata_service(folder: Path) -> Iterator[Path]:
    """A stand-in for the cloud's metadata service at its own address, beside the pods; yields its log of clients."""
    log = folder / METADATA_LOG
    log.touch()
    remove_metadata_service()
    for command in (
        f"ip netns add {NETNS}",
        f"ip link add {LINK} type veth peer name eth0 netns {NETNS}",
        f"ip link set {LINK} master {POD_BRIDGE} up",
        f"ip -n {NETNS} link set lo up",
        f"ip -n {NETNS} link set eth0 up",
        f"ip -n {NETNS} address add {METADATA}/32 dev eth0",
        f"ip -n {NETNS} route add {GATEWAY}/32 dev eth0",
        f"ip -n {NETNS} route add default via {GATEWAY} dev eth0",
        f"ip route replace {METADATA}/32 dev {POD_BRIDGE}",
    ):
        subprocess.run(command.split(), check=True)
    program = Path(__file__).with_name("metadata_server.py")
    server = subprocess.Popen(["ip", "netns", "exec", NETNS, sys.executable, str(program), METADATA, str(log)])
    try:
        yield log
    finally:
        server.terminate()
        server.wait(10)
        remove_metadata_service()


def remove_metadata_service() -> None:
    """Take away namespace, link and route, also those of a run that was cut."""
    for command in (
        f"ip link delete {LINK}",
        f"ip netns delete {NETNS}",
        f"ip route delete {METADATA}/32 dev {POD_BRIDGE}",
    ):
        subprocess.run(command.split(), check=False, capture_output=True)
