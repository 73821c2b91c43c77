"""Questions to the running cluster: does a component answer, is the node ready, are the addons available."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

from implementation_dag.base.wait import rounds
from scripts.lab.cluster import processes
from scripts.lab.cluster.settings import NODE_IP, NODE_NAME, REGISTRY, State
from scripts.lab.errors import LabError

SECONDS = 3  # an answer from this machine takes milliseconds


def api_get(state: State, path: str, seconds: float = 5) -> tuple[int, bytes]:
    """Status and body of one GET at the API server as admin; raises OSError when it does not answer."""
    context = ssl.create_default_context(cafile=str(state.pki / "ca.crt"))
    context.load_cert_chain(state.pki / "admin.crt", state.pki / "admin.key")
    connection = http.client.HTTPSConnection(NODE_IP, 6443, timeout=seconds, context=context)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(f"API server answered nonsense: {error!r}") from error
    finally:
        connection.close()


def api_ready(state: State) -> bool:
    """The API server says it is ready."""
    try:
        return api_get(state, "/readyz")[0] == 200
    except OSError:
        return False


def registry_ready(state: State) -> bool:
    """The registry answers over TLS."""
    context = ssl.create_default_context(cafile=str(state.pki / "ca.crt"))
    host, _, port = REGISTRY.partition(":")
    return _answers(http.client.HTTPSConnection(host, int(port), timeout=SECONDS, context=context), "/v2/")


def plain_ready(host: str, port: int, path: str) -> bool:
    """An HTTP health endpoint answers 200."""
    return _answers(http.client.HTTPConnection(host, port, timeout=SECONDS), path)


def secure_ready(host: str, port: int, path: str) -> bool:
    """An HTTPS health endpoint of a component with a self-made certificate on the loopback answers 200."""
    context = ssl._create_unverified_context()  # noqa: S323  (loopback only; the component makes its own certificate)
    return _answers(http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context), path)


def containerd_ready(state: State) -> bool:
    """Somebody listens on containerd's socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(state.containerd_socket))
        except OSError:
            return False
    return True


def node_ready(state: State) -> bool:
    """The node's Ready condition is True."""
    node = api_object(state, f"/api/v1/nodes/{NODE_NAME}")
    conditions = (node or {}).get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def deployment_state(state: State, namespace: str, name: str) -> str:
    """'ready', 'waiting' or 'missing'."""
    found = api_object(state, f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    if found is None:
        return "missing"
    status, generation = found.get("status", {}), found["metadata"].get("generation")
    if status.get("observedGeneration") != generation:
        return "waiting"
    # `replicas` counts the old pods too: while they go away one of them may be the ready one.
    counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")}
    return "ready" if counts == {found["spec"].get("replicas", 1)} else "waiting"


def api_object(state: State, path: str) -> dict[str, Any] | None:
    """The object at `path`, None when there is none or the API server does not answer."""
    try:
        status, body = api_get(state, path)
    except OSError:
        return None
    if status != 200:
        return None
    found: dict[str, Any] = json.loads(body)
    return found


def component_ready(state: State, name: str) -> bool:
    """The component answers its own health question."""
    checks: dict[str, Callable[[], bool]] = {
        "etcd": lambda: plain_ready("127.0.0.1", 2379, "/readyz"),
        "containerd": lambda: containerd_ready(state),
        "kube-apiserver": lambda: api_ready(state),
        "kube-controller-manager": lambda: secure_ready("127.0.0.1", 10257, "/healthz"),
        "kube-scheduler": lambda: secure_ready("127.0.0.1", 10259, "/healthz"),
        "kubelet": lambda: plain_ready("127.0.0.1", 10248, "/healthz"),
        "kube-proxy": lambda: plain_ready("127.0.0.1", 10249, "/healthz"),
        "registry": lambda: registry_ready(state),
    }
    return checks[name]()


def wait(state: State, what: str, ready: Callable[[], bool], seconds: float, component: str = "") -> None:
    """Poll until `ready`; raise LabError with the end of the component's log when it dies or is late."""
    why = f"is not ready after {seconds:.0f} s"
    for _ in rounds(seconds, 0.1):
        if ready():
            return
        if component and processes.running(state, component) is None:
            why = "ended"
            break
    log = f"; log {state.logs / (component + '.log')} ends:\n{processes.last_lines(state, component)}"
    raise LabError(f"{what} {why}" + log if component else f"{what} {why}")


def _answers(connection: http.client.HTTPConnection, path: str) -> bool:
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
