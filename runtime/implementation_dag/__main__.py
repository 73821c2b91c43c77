"""Entry of every container of ours: ``python -m implementation_dag <subcommand>``."""

from __future__ import annotations

import importlib
import sys

from .base.errors import StepError
from .base.log import fail

# Imported on demand: a step starts in a third of the time without the others' libraries.
SUBCOMMANDS = {
    "set-params": "steps.set_params:main",
    "agent": "agents.stage:main",
    "receive": "agents.box:receive",
    "hand-over": "agents.box:hand_over",
    "head": "agents.head:main",
    "provision": "steps.provision:main",
    "deploy": "steps.deploy:main",
    "helm-deploy": "docsrun.helm.deploy:main",
    "helm-uninstall": "docsrun.helm.uninstall:main",
    "acceptance": "acceptance:run_acceptance",
    "evidence": "steps.evidence:main",
    "remove-preview": "steps.cleanup:remove",
    "keep-preview": "steps.cleanup:keep",
    "controller": "controller:run_controller",
    "fetch": "docsrun.fetch:run_fetch",
    "results": "docsrun.results:run_results",
    "installation-check": "check.check:main",
    "write-probe": "check.probe:write",
    "read-probe": "check.probe:read",
}


def main(argv: list[str]) -> int:
    """Run one subcommand; 0 on success, 1 when the step cannot go on, 64 for wrong usage."""
    if len(argv) != 1 or argv[0] not in SUBCOMMANDS:
        fail(f"usage: python -m implementation_dag {{{','.join(SUBCOMMANDS)}}}")
        return 64
    module, function = SUBCOMMANDS[argv[0]].split(":")
    try:
        status: int = getattr(importlib.import_module(f".{module}", __package__), function)()
    except StepError as error:
        fail(str(error))
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
