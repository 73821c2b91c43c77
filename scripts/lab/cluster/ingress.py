"""Does the ingress serve previews: HTTPS by HTTP/1.1 and HTTP/2, at a name below the domain, with our certificate."""

from __future__ import annotations

from functools import partial

from idag.progress import Progress
from implementation_dag.preview import protocols
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, PREVIEW_DOMAIN, State
from scripts.lab.errors import LabError

# No Ingress has this name: the answer is the controller's own.
NAME = f"ingress-check.{PREVIEW_DOMAIN}"
SECONDS = 60.0


def fault(state: State, seconds: float = 0) -> str:
    """Return in words what the ingress does not serve, nothing when it serves all; waits `seconds` for that."""
    ask = partial(protocols.probe, f"https://{NAME}", state.pki / "ca.crt", at=INGRESS_SERVICE_IP)
    probes = protocols.wait_for(ask, seconds)
    if found := protocols.fault(probes):
        return found
    other = [
        f"{probe.asked} is not served ({probe.detail or probe.spoken})"
        for probe in probes
        if probe.spoken != probe.asked
    ]
    return f"https://{NAME}: {'; '.join(other)}" if other else ""


def wait(state: State, progress: Progress) -> None:
    """Wait until the ingress serves all of it. Raises LabError that says what is wrong and what to do."""
    if found := fault(state, SECONDS):
        kubectl = f"kubectl --kubeconfig {state.admin_kubeconfig} --namespace ingress"
        raise LabError(
            f"previews cannot be reached through the ingress at {INGRESS_SERVICE_IP}: {found}; "
            f"look: {kubectl} describe pods; {kubectl} logs deployment/skipper; "
            f"begin it anew: {kubectl} rollout restart deployment/skipper"
        )
    progress("ingress serves HTTPS by HTTP/1.1 and HTTP/2")
