"""`status`: a table of what runs, and how to use the cluster."""

from __future__ import annotations

from scripts.lab.cluster import addons, argocd, health, processes
from scripts.lab.cluster.components import ADDRESSES
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, PREVIEW_DOMAIN, REGISTRY, State

COLUMNS = "{:<32} {:>8}  {:<8} {}"


def rows(state: State) -> list[tuple[str, str, str, str]]:
    """Name, pid, state ('ready', 'waiting', 'down', 'missing') and address of each component and addon."""
    found = []
    for name, address in ADDRESSES.items():
        process = processes.running(state, name)
        ready = process is not None and health.component_ready(state, name)
        word = "ready" if ready else ("waiting" if process else "down")
        found.append((name, str(process.pid) if process else "-", word, address.format(state=state.root)))
    reachable = any(name == "kube-apiserver" and word == "ready" for name, _, word, _ in found)
    node = "ready" if reachable and health.node_ready(state) else "waiting"
    found.append(("node", "-", node if reachable else "down", ""))
    for namespace, name in (*addons.DEPLOYMENTS, *(argocd.DEPLOYMENTS if argocd.installed(state) else ())):
        word = health.deployment_state(state, namespace, name) if reachable else "down"
        found.append((f"{namespace}/{name}", "pod", word, addons.ADDRESSES.get(name, "")))
    return found


def show(state: State) -> int:
    """Print the table; returns 0 when everything is ready, else 1."""
    table = rows(state)
    print(COLUMNS.format("component", "pid", "state", "address"))
    for row in table:
        print(COLUMNS.format(*row).rstrip())
    if any(word != "ready" for _, _, word, _ in table):
        print(f"\nNot all is ready. `make up` starts or repairs it; logs are in {state.logs}")
        return 1
    print(f"\nexport KUBECONFIG={state.admin_kubeconfig}")
    print(f"registry {REGISTRY}, ingress {INGRESS_SERVICE_IP} for *.{PREVIEW_DOMAIN}, CA {state.pki / 'ca.crt'}")
    return 0
