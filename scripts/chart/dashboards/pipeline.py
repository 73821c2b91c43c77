"""The dashboard of one repository: how its pull requests fare."""

from __future__ import annotations

from .panels import (
    RANGE,
    RATE,
    REPOSITORY,
    Board,
    Query,
    Row,
    above,
    bars,
    below,
    graph,
    ours,
    recorded,
    share,
    stat,
    table,
)

WRONG, JUDGED = 'result=~"failure|error"', 'result!="cancellation"'
STAGES, REQUESTS = "stage_results_total", "acceptance_requests_total"


def grown(name: str, *labels: str, by: str = "", over: str = RANGE, **equal: str) -> str:
    """By how much a counter of the repository grew."""
    return f"sum by ({by}) (increase({ours(name, *labels, repository=REPOSITORY, **equal)}[{over}]))"


SHORT = Row(
    "In the chosen time",
    (
        stat("Runs", "That have ended.", "short", Query(grown("runs_total"))),
        stat(
            "Passed",
            "Share of the runs that no newer push replaced.",
            "percentunit",
            Query(share(grown("runs_total", result="success"), grown("runs_total", JUDGED))),
            steps=below(0.4, 0.7),
            runbooks=("IdagPipelineFailing",),
        ),
        stat(
            "By faults of ours",
            "Runs that were lost, and so ended without a verdict.",
            "short",
            Query(grown("runs_total", result="error")),
            steps=above(1, 3),
            runbooks=("IdagRunsBurnBudget",),
        ),
        stat(
            "Replaced",
            "Runs that a newer push, or a person, stopped.",
            "short",
            Query(grown("runs_total", result="cancellation")),
        ),
        stat(
            "Requests that failed",
            "Share of the acceptance tests' requests.",
            "percentunit",
            Query(share(grown(REQUESTS, result="failure"), grown(REQUESTS))),
            steps=above(0.01, 0.05),
            runbooks=("IdagAcceptanceOverLimits",),
        ),
        stat(
            "Latency",
            "The mean of the acceptance tests' 95th percentiles.",
            "s",
            Query(
                share(
                    grown("acceptance_latency_seconds_sum", percentile="95"),
                    grown("acceptance_latency_seconds_count", percentile="95"),
                )
            ),
            steps=above(0.5, 2),
            runbooks=("IdagAcceptanceOverLimits",),
        ),
    ),
)
WORK = Row(
    "Runs and their stages",
    (
        graph(
            "Runs by result",
            "Those that have ended.",
            "short",
            Query(grown("runs_total", by="result", over=RATE), "{{result}}"),
            stacked=True,
            width=12,
        ),
        graph(
            "Stages that failed",
            "By stage.",
            "short",
            Query(grown(STAGES, WRONG, by="stage", over=RATE) + " > 0", "{{stage}}"),
            stacked=True,
            width=12,
            runbooks=("IdagDeployFailing", "IdagAcceptanceOverLimits", "IdagEvidenceStoreFailing"),
        ),
        bars(
            "Where runs fail",
            "Share of each stage's attempts that failed; stages that were left out do not count.",
            "percentunit",
            Query(share(grown(STAGES, WRONG, by="stage"), grown(STAGES, 'result!="skip"', by="stage")), "{{stage}}"),
            steps=above(0.2, 0.5),
            width=12,
        ),
        table(
            "Stages by result",
            "In the chosen time.",
            "short",
            Query(grown(STAGES, by="stage, result") + " > 0"),
        ),
    ),
)
ACCEPTANCE = Row(
    "Its previews, as the acceptance tests see them",
    (
        graph(
            "Requests",
            "By result.",
            "short",
            Query(grown(REQUESTS, by="result", over=RATE), "{{result}}"),
            stacked=True,
        ),
        graph(
            "Requests that failed",
            "Share of an hour's.",
            "percentunit",
            Query(recorded("acceptance_error:ratio1h", repository=REPOSITORY), "failed"),
            runbooks=("IdagAcceptanceOverLimits",),
        ),
        graph(
            "Latency",
            "The mean of an hour's percentiles.",
            "s",
            Query(recorded("acceptance_latency_seconds:mean1h", repository=REPOSITORY), "p{{percentile}}"),
            runbooks=("IdagAcceptanceOverLimits",),
        ),
    ),
)
PIPELINE = Board(
    "pipeline",
    "implementation-dag / pipeline",
    "How the pull requests of one repository fare.",
    (SHORT, WORK, ACCEPTANCE),
    since="now-7d",
    by_repository=True,
)
