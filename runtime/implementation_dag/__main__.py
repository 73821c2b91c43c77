"""Entry of every container of ours: ``python -m implementation_dag <subcommand>``."""

from __future__ import annotations

import importlib
import os
import sys
import traceback

from .base.errors import StepError
from .base.log import fail, know, trace

# Imported on demand: a step starts in a third of the time without the others' libraries.
SUBCOMMANDS = {
    "agent": "agents.stage:main",
    "receive": "agents.box:receive",
    "hand-over": "agents.box:hand_over",
    "head": "agents.head:main",
    "deploy": "steps.deploy:main",
    "helm-deploy": "docsrun.helm.deploy:main",
    "helm-uninstall": "docsrun.helm.uninstall:main",
    "acceptance": "acceptance:run_acceptance",
    "evidence": "steps.evidence:main",
    "render-preview": "steps.render_preview:main",
    "controller": "controller:run_controller",
    "pull-requests": "pull_requests.controller:main",
    "reaper": "reaper.controller:main",
    "provisioner": "provisioner.controller:main",
    "receiver": "pull_requests.receiver:main",
    "fetch": "docsrun.fetch:run_fetch",
    "results": "docsrun.results:run_results",
    "installation-check": "check.check:main",
    "write-probe": "check.probe:write",
    "read-probe": "check.probe:read",
}
# What people call: it takes arguments.
COMMANDS = {"render-preview"}
WRONG_USAGE = 64


def main(argv: list[str]) -> int:
    """Run one subcommand; 0 on success, 1 when the step cannot go on, 64 for wrong usage or outside its pod."""
    name, given = (argv[0], argv[1:]) if argv else ("", [])
    usage = f"usage: python -m implementation_dag {{{','.join(SUBCOMMANDS)}}}"
    if argv in (["-h"], ["--help"]):
        print(usage)
        return 0
    if name not in SUBCOMMANDS or (given and name not in COMMANDS):
        fail(usage)
        return WRONG_USAGE
    if run := os.environ.get("WORKFLOW", ""):
        know(run=run, stage=os.environ.get("STAGE", name), trace=trace(os.environ.get("WORKFLOW_UID", "")))
    module, function = SUBCOMMANDS[name].split(":")
    try:
        work = getattr(importlib.import_module(f".{module}", __package__), function)
        status: int = work(given) if name in COMMANDS else work()
    except StepError as error:
        fail(str(error))
        return 1
    except KeyError as error:
        if not _of_environment(error):
            raise
        fail(f"{error} is not in the environment: {name} runs in pods that the chart makes")
        return WRONG_USAGE
    except OSError as error:
        fail(str(error))
        return 1
    return status


def _of_environment(error: KeyError) -> bool:
    """Whether it was raised by a look into os.environ."""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is type(os.environ).__getitem__.__code__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
