"""The stages of a run in their order: the task of each, what it waits for, and the evidence that it leaves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One task of the DAG.

    `evidence` is the folder of its evidence below the run's prefix, which is also the name of its agent if it has one;
    empty: it leaves none. `promised` are the specification's files in it, a folder with / at its end.
    """

    task: str
    after: tuple[str, ...] = ()
    evidence: str = ""
    promised: tuple[str, ...] = ()
    agent: bool = False
    # It may change the code; others only look.
    writes: bool = False
    # What it does adds to the way from the change to the verdict, whatever runs beside it.
    critical: bool = True

    @property
    def required(self) -> bool:
        """Whether a run proves nothing without it: each stage that leaves evidence."""
        return bool(self.evidence)


SET_PARAMS = Stage("set-params", critical=False)
IMPLEMENT = Stage(
    "implement", ("set-params",), "rex", ("commit.txt", "changes.diff", "tests.log"), agent=True, writes=True
)
CLIPPY_FORMAT = Stage("clippy-format", ("implement",), "clippy", ("report.json", "fixes.diff"), agent=True, writes=True)
QA_TESTING = Stage(
    "qa-testing", ("clippy-format",), "qa", ("test-results.xml", "coverage.html", "performance.json"), agent=True
)
PROVISION = Stage("provision", ("clippy-format",), critical=False)
DEPLOY = Stage("deploy", ("qa-testing", "provision"), "deploy", ("urls.json", "resources.yaml", "helm-status.txt"))
ACCEPTANCE = Stage("acceptance", ("deploy",), "acceptance", ("report.json", "responses/", "performance.json"))

STAGES = (SET_PARAMS, IMPLEMENT, CLIPPY_FORMAT, QA_TESTING, PROVISION, DEPLOY, ACCEPTANCE)
# Tasks of the exit handler.
EVIDENCE, REMOVE, KEEP = EXIT_TASKS = ("evidence", "remove-preview", "keep-preview")
# Steps that have no pod: the provisioner does them.
WITHOUT_POD = (SET_PARAMS.task, PROVISION.task, REMOVE, KEEP)

# Folder of evidence → task, of each stage that leaves some.
TASKS = {stage.evidence: stage.task for stage in STAGES if stage.required}
# Folder of evidence → the files that the specification promises in it.
PROMISED = {stage.evidence: stage.promised for stage in STAGES if stage.required}
# Tasks that may change the code, the last first.
WRITERS = tuple(stage.task for stage in reversed(STAGES) if stage.writes)
# Agents that may change the code.
WRITING_AGENTS = tuple(stage.evidence for stage in STAGES if stage.writes)
# What the pipeline exists for; everything else of a run's time is overhead.
CRITICAL_PATH = tuple(stage.task for stage in STAGES if stage.critical)
