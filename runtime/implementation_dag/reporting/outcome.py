"""A report as the lines that every forge shows: the run as a whole, then each stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from implementation_dag.forge.model import Annotation, Report, Stage, State, Verdict

# More no pipeline here has; a report is bounded all the same.
MOST_STAGES = 12


class Outcome(StrEnum):
    """How a line stands or ended."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    OMITTED = "omitted"
    STOPPED = "stopped"
    REFUSED = "refused"

    @property
    def over(self) -> bool:
        """Whether it stays so."""
        return self not in (Outcome.WAITING, Outcome.RUNNING)


@dataclass(frozen=True)
class Line:
    """The run (`stage` empty) or one of its stages; `address` leads to its evidence."""

    stage: str
    outcome: Outcome
    sentence: str
    address: str = ""
    started: str = ""
    ended: str = ""
    annotations: tuple[Annotation, ...] = ()


_OF_RUN = {
    Verdict.WAITING: (Outcome.WAITING, "waits for its turn"),
    Verdict.RUNNING: (Outcome.RUNNING, "is running"),
    Verdict.PASSED: (Outcome.PASSED, "passed"),
    Verdict.FAILED: (Outcome.FAILED, "failed"),
    Verdict.SUPERSEDED: (Outcome.STOPPED, "was superseded by a newer commit"),
    Verdict.STOPPED: (Outcome.STOPPED, "was stopped"),
    Verdict.REFUSED: (Outcome.REFUSED, "may not run"),
}
_OF_STAGE = {
    State.WAITING: Outcome.WAITING,
    State.RUNNING: Outcome.RUNNING,
    State.PASSED: Outcome.PASSED,
    State.FAILED: Outcome.FAILED,
    State.OMITTED: Outcome.OMITTED,
}


def stays(report: Report, shown: str) -> bool:
    """Say whether what a commit shows, in words of either forge, stays: a run's end, where this pull request has none.

    A commit may be the head of several pull requests: whoever opens another of it takes nothing from the first.
    """
    return report.verdict is Verdict.REFUSED and shown in ("success", "failure")


def of_run(report: Report) -> Line:
    """Return the line of the run as a whole."""
    outcome, words = _OF_RUN[report.verdict]
    sentence = f"{words}: {report.reason}" if report.reason else words
    return Line("", outcome, sentence, report.page or report.evidence or report.preview)


def of_stages(report: Report) -> tuple[Line, ...]:
    """Return the lines of the stages. None goes on when the run is over."""
    over = _OF_RUN[report.verdict][0]
    return tuple(_of_stage(stage, over) for stage in report.stages[:MOST_STAGES])


def _of_stage(stage: Stage, run: Outcome) -> Line:
    outcome = _OF_STAGE[stage.state]
    if run.over and not outcome.over:
        outcome = Outcome.OMITTED if run in (Outcome.PASSED, Outcome.FAILED) else Outcome.STOPPED
    sentence = stage.sentence or outcome.value
    return Line(stage.name, outcome, sentence, stage.evidence, stage.started, stage.ended, stage.annotations)
