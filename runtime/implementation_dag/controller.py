"""The controller: DocsRuns and AgentRuns of its own namespace."""

from __future__ import annotations

import os

from implementation_dag.base import kube, process
from implementation_dag.base.life import Life

from .agents import handlers as agentruns
from .docsrun import handlers as docsruns
from .docsrun import settings as controller_settings

HEALTH = "http://0.0.0.0:8080/healthz"


def run_controller(health: str = HEALTH) -> int:
    """Run the controller in its own namespace until it is told to stop; `health` is where it says how it is."""
    process.prepare()
    settings, client = controller_settings.load(), kube.client()
    for module in (docsruns, agentruns):
        life = Life(client, settings.namespace, module.kind(client, settings))
        life.log.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
        life.register()
    process.run(settings.namespace, health)
    return 0
