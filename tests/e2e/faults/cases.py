"""The matrix: which fault strikes at which moment of a run. A case is replayed by its name and the seed of all."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

from implementation_dag.contract.stages import STAGES

# After a good run, and after one that was stopped: the exit handler then takes the preview away.
KEEPING, CLEANUP = "keep-preview", "cleanup"
EVERY = (*(stage.task for stage in STAGES), KEEPING, CLEANUP)
AGENTS = tuple(stage.task for stage in STAGES if stage.agent)
LATE = ("deploy", "acceptance", KEEPING, CLEANUP)
# Faults of one run, and the moments at which each can strike.
OF_A_RUN: dict[str, tuple[str, ...]] = {
    "terminate": EVERY[:8],
    "stop": EVERY[:8],
    "delete-workflow": EVERY,
    "kill-pod": EVERY,
    "push": EVERY,
    "close": EVERY,
    "delete-preview": ("set-params", "qa-testing", "deploy", "acceptance", CLEANUP),
    "second-run": ("implement", "deploy", "acceptance", CLEANUP),
    "delete-namespace": LATE,
    "delete-docsrun": ("deploy", CLEANUP),
    "delete-job": ("deploy", CLEANUP),
    "kill-job-pod": ("deploy", CLEANUP),
    "kill-box": AGENTS,
    "delete-account": ("deploy", CLEANUP),
    "finalizer": ("deploy", "acceptance"),
    "deaf-pod": ("deploy", "acceptance"),
}
# Faults of what all runs need: each strikes while so many runs are at different stages.
RUNS_AT_ONCE = 6
OF_ALL = (
    "kill-workflow-controller",
    "kill-controller",
    "kill-provisioner",
    "kill-pull-requests",
    "kill-receiver",
    "kill-reaper",
    "kill-ingress",
    "kill-s3",
    "kill-git",
    "kill-kube-apiserver",
    "kill-etcd",
    "kill-kubelet",
    "kill-containerd",
    "kill-kube-controller-manager",
    "drain-node",
    "fill-s3",
    "hang-receiver",
    "hang-admission-webhook",
)
# They left a preview behind before there was a reaper: what runs where nobody asks for more.
LEAKED = ("terminate@deploy", "stop@deploy", "delete-workflow@deploy", "delete-workflow@acceptance")


@dataclass(frozen=True)
class Case:
    """One fault at one moment. For a fault of all, `moment` is which of the runs it is: its stage is seen then."""

    seed: int
    fault: str
    moment: str

    @property
    def name(self) -> str:
        """What `CASE` names."""
        return f"{self.fault}@{self.moment}"

    @property
    def of_all(self) -> bool:
        """Whether it strikes all runs at once."""
        return self.fault in OF_ALL

    @property
    def chance(self) -> random.Random:
        """The case's own chance: the same for the same seed, whatever else is run."""
        return random.Random(f"{self.seed} {self.name}")  # noqa: S311 - it has to be repeatable


def matrix(seed: int, names: str = "") -> list[Case]:
    """Return the cases, those of all first; `names` are names of cases or faults with commas. Raises ValueError."""
    alone = [Case(seed, fault, moment) for fault, moments in OF_A_RUN.items() for moment in moments]
    # So that runs that end early and late ones are mixed.
    random.Random(seed).shuffle(alone)  # noqa: S311 - it has to be repeatable
    found = [Case(seed, fault, f"run-{number}") for fault in OF_ALL for number in range(1, RUNS_AT_ONCE + 1)] + alone
    if not names:
        return found
    wanted = [name.strip() for name in names.split(",")]
    known = {case.name for case in found} | {case.fault for case in found}
    if unknown := sorted(set(wanted) - known):
        raise ValueError(f"CASE={','.join(unknown)}: must be of {', '.join(sorted(known))}")
    return [case for case in found if case.name in wanted or case.fault in wanted]


def selected() -> list[Case]:
    """Return what `make e2e-faults` asks for by SEED and CASE, and else the few that leaked once."""
    names = os.environ.get("CASE", "") if os.environ.get("FAULTS") == "1" else ",".join(LEAKED)
    return matrix(int(os.environ.get("SEED") or "1"), names)
