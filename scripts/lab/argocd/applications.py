"""Argo CD's Applications: read their state, and wait until they are where they should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from implementation_dag.base.wait import rounds
from scripts.lab.cluster.argocd import NAMESPACE
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl

PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class State:
    """One Application at one moment, as its status tells."""

    name: str
    sync: str
    health: str
    revision: str
    # Start of the last sync operation, its phase and message.
    operation: str
    phase: str
    message: str
    compared: str
    # Kind/name of the objects that differ from git.
    differing: tuple[str, ...]
    conditions: tuple[str, ...]
    # What the last operation says of the objects that it could not apply.
    results: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Synced and Healthy, with no operation under way."""
        return (self.sync, self.health) == ("Synced", "Healthy") and self.phase != "Running"

    def __str__(self) -> str:
        words = [f"{self.name}: {self.sync}, {self.health} at {self.revision[:12]}; {self.phase}: {self.message}"]
        return "; ".join([*words, *self.results, *self.conditions, *self.differing])


def read(kubectl: Kubectl, name: str) -> State:
    """The state of an Application. Raises LabError when it is not there."""
    found = kubectl.get("applications.argoproj.io", name, f"--namespace={NAMESPACE}")
    if found is None:
        raise LabError(f"Application {name} is not there")
    status: dict[str, Any] = found.get("status", {})
    operation = status.get("operationState", {})
    sync = status.get("sync", {})
    resources = status.get("resources", [])
    results = operation.get("syncResult", {}).get("resources", [])
    return State(
        name=name,
        sync=sync.get("status", "Unknown"),
        health=status.get("health", {}).get("status", "Unknown"),
        revision=sync.get("revision") or " ".join(sync.get("revisions", [])),
        operation=operation.get("startedAt", ""),
        phase=operation.get("phase", ""),
        message=operation.get("message", ""),
        compared=status.get("reconciledAt", ""),
        differing=tuple(
            f"{item['kind']}/{item['name']}" for item in resources if item.get("status", "Synced") != "Synced"
        ),
        results=tuple(item["message"] for item in results if item.get("status") == "SyncFailed"),
        conditions=tuple(f"{item['type']}: {item['message']}" for item in status.get("conditions", [])),
    )


def wait(kubectl: Kubectl, names: Sequence[str], reached: Callable[[State], bool], seconds: float) -> dict[str, State]:
    """Wait until `reached` holds for each Application. Raises LabError with the states of those that are late."""
    for _ in rounds(seconds, PAUSE_SECONDS):
        states = {name: read(kubectl, name) for name in names}
        late = [state for state in states.values() if not reached(state)]
        if not late:
            return states
    raise LabError(f"not reached within {seconds:.0f} s: " + " | ".join(map(str, late)))


def refresh(kubectl: Kubectl, names: Sequence[str]) -> None:
    """Let Argo CD look at git now, not at its next turn. Raises LabError."""
    kubectl.run(
        "annotate", "applications.argoproj.io", *names, f"--namespace={NAMESPACE}",
        "argocd.argoproj.io/refresh=normal", "--overwrite",
    )  # fmt: skip


def in_step(commit: str) -> Callable[[State], bool]:
    """Condition: good, at this commit."""
    return lambda state: state.good and commit in state.revision
