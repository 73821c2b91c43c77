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
    "render-preview": "steps.render_preview:main",
    "controller": "controller:run_controller",
    "pull-requests": "pull_requests.controller:main",
    "receiver": "pull_requests.receiver:main",
    "fetch": "docsrun.fetch:run_fetch",
    "results": "docsrun.results:run_results",
    "installation-check": "check.check:main",
    "write-probe": "check.probe:write",
    "read-probe": "check.probe:read",
}
# What people call: it takes arguments.
COMMANDS = {"render-preview"}


def main(argv: list[str]) -> int:
    """Run one subcommand; 0 on success, 1 when the step cannot go on, 64 for wrong usage."""
    name, given = (argv[0], argv[1:]) if argv else ("", [])
    if name not in SUBCOMMANDS or (given and name not in COMMANDS):
        fail(f"usage: python -m implementation_dag {{{','.join(SUBCOMMANDS)}}}")
        return 64
    module, function = SUBCOMMANDS[name].split(":")
    try:
        run = getattr(importlib.import_module(f".{module}", __package__), function)
        status: int = run(given) if name in COMMANDS else run()
    except StepError as error:
        fail(str(error))
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
