"""AgentRuns as the controller knows them."""

from __future__ import annotations

from lightkube import Client
from lightkube.resources.core_v1 import Pod

from implementation_dag.base.life import Kind
from implementation_dag.contract import labels
from implementation_dag.docsrun.settings import Settings

from . import pod, reconcile, verdict


def kind(client: Client, settings: Settings) -> Kind:
    """Return what is done about an AgentRun; its pod has its name."""
    return Kind(
        name="AgentRun",
        resource=pod.AgentRun,
        reads=(Pod,),
        pod_label=labels.BOXED,
        of_pod=lambda body: str(body["metadata"]["name"]),
        reconcile=lambda agentrun: reconcile.reconcile(client, agentrun, settings),
        ended=reconcile.ended,
        phases=verdict.PHASES,
        expired=reconcile.expired,
    )
