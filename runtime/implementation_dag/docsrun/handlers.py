"""DocsRuns as the controller knows them."""

from __future__ import annotations

from lightkube import Client
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Event, Pod

from implementation_dag.base import kube
from implementation_dag.base.life import Kind

from . import job, reconcile, verdict
from .settings import Settings


def kind(client: Client, settings: Settings) -> Kind:
    """Return what is done about a DocsRun; its pod, which the Job makes, has its name in a label."""
    return Kind(
        name="DocsRun",
        resource=kube.DocsRun,
        reads=(Job, Pod, Event, ConfigMap),
        pod_label=job.NAME_LABEL,
        of_pod=lambda body: str(body["metadata"]["labels"][job.NAME_LABEL]),
        reconcile=lambda docsrun: reconcile.reconcile(client, docsrun, settings),
        ended=reconcile.ended,
        phases=verdict.PHASES,
        expired=lambda docsrun: reconcile.expired(docsrun, settings),
    )
