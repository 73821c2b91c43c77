"""`down`: the reverse of `up`, in an order in which nobody restarts what was just stopped."""

from __future__ import annotations

from idag.progress import Progress
from scripts.lab.cluster import leftovers, network, policies, teardown
from scripts.lab.cluster.settings import State

# The kubelet goes first, or it starts pods again; containerd after its containers.
FIRST = ("kubelet", "kube-proxy", "kube-scheduler", "kube-controller-manager")
LAST = ("containerd", "registry", "kube-apiserver", "etcd")


def down(state: State, progress: Progress) -> None:
    """Stop everything and remove it; safe to run at any time. Raises LabError for what stays."""
    for name in teardown.stop_components(state, FIRST):
        progress(f"{name} stopped")
    sockets = leftovers.shim_sockets(state)
    killed = teardown.kill_containers(state)
    if killed:
        progress(f"{killed} processes of pods ended")
    for name in teardown.stop_components(state, LAST):
        progress(f"{name} stopped")
    teardown.kill_containers(state)
    mounts = teardown.unmount_all(state)
    if mounts:
        progress(f"{mounts} mounts undone")
    for what in (*policies.remove(state), *network.remove(state)):
        progress(f"{what} removed")
    teardown.remove_cgroups()
    leftovers.remove(state, sockets)
    teardown.remove_state(state)
    progress("the cluster is down; nothing of it is left but the cache of tools and images")
