"""Situations of an installation as series, and the alerts that fire in each: what promtool's own tests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JOB = 'job="workflows/implementation-dag"'
MINUTES = 240
Series = Mapping[str, str]


def grows(step: float = 1) -> str:
    """A counter that grows so much each minute."""
    return f"0+{step}x{MINUTES}"


def stays(value: float) -> str:
    return f"{value}+0x{MINUTES}"


def steps(minute: int, value: float = 1) -> str:
    """A counter at 0 that has this value from that minute on."""
    return f"0+0x{minute} {value}+0x{MINUTES - minute}"


def of(name: str, labels: str = "") -> str:
    return f"implementation_dag_{name}{{{JOB}{',' if labels else ''}{labels}}}"


def stage(name: str, result: str) -> str:
    return of("stage_results_total", f'stage="{name}",result="{result}",repository="acme/shop"')


def run(result: str) -> str:
    return of("runs_total", f'result="{result}",repository="acme/shop"')


def up(container: str, pod: str = "a") -> str:
    return f'up{{{JOB},container="{container}",pod="{pod}"}}'


def quota(kind: str) -> str:
    return f'kube_resourcequota{{namespace="impl-pr-7",resource="limits.cpu",type="{kind}"}}'


COMPONENTS = ("controller", "provisioner", "pull-requests", "receiver", "reaper")
STAGES = ("set-params", "provision", "deploy", "acceptance", "evidence", "remove-preview")
COST, PREVIEW_COST = (of(name, 'repository="acme/shop"') for name in ("run_cost_total", "preview_cost_hourly"))
LAG = ("1", "60", "300", "+Inf")
IN_TIME = of("push_to_verdict_seconds_bucket", 'result="success",le="1200.0"')
LEFT, BUDGET = of("forge_rate_limit_remaining", 'identity="reader"'), of("forge_budget_remaining")
LOOK = of("last_look_age_seconds", 'container="reaper",kind="Reaper"')
LEAKED = of("reaper_removed_total", 'kind="Namespace",reason="leaked"')
CLEANUP = of("cleanups_total", 'cause="closed",result="failure"')
UNSTORED = of("webhook_deliveries_total", 'code="503"')
RESULTS = ("success", "failure", "cancellation", "error")
GOOD: Series = {
    **{up(component): stays(1) for component in COMPONENTS},
    **{stage(name, result): grows(int(result == "success")) for name in STAGES for result in ("success", "failure")},
    **{run(result): grows(int(result in ("success", "cancellation"))) for result in RESULTS},
    CLEANUP: stays(0),
    of("cleanups_total", 'cause="closed",result="success"'): grows(),
    LEAKED: stays(0),
    of("reaper_removed_total", 'kind="Namespace",reason="over"'): grows(),
    of("reaper_left"): stays(0),
    of("reaper_stuck_namespaces"): stays(0),
    of("previews_overdue"): stays(0),
    of("run_oldest_seconds", 'state="executing"'): stays(600),
    LOOK: stays(3),
    **{of("webhook_lag_seconds_bucket", f'le="{le}"'): grows() for le in LAG},
    of("webhook_deliveries_total", 'code="202"'): grows(),
    UNSTORED: stays(0),
    COST: grows(0.1),
    PREVIEW_COST: stays(2),
    LEFT: stays(4000),
    of("forge_rate_limit", 'identity="reader"'): stays(5000),
    BUDGET: stays(3000),
    of("forge_budget"): stays(4000),
    IN_TIME: grows(),
    of("push_to_verdict_seconds_bucket", 'result="success",le="+Inf"'): grows(),
    of("push_to_verdict_seconds_count", 'result="success"'): grows(),
    quota("used"): stays(1),
    quota("hard"): stays(4),
    'kube_resourcequota{namespace="impl-pr-7",resource="services.nodeports",type="used"}': stays(0),
    'kube_resourcequota{namespace="impl-pr-7",resource="services.nodeports",type="hard"}': stays(0),
    'kube_resourcequota{namespace="elsewhere",resource="limits.cpu",type="used"}': stays(4),
    'kube_resourcequota{namespace="elsewhere",resource="limits.cpu",type="hard"}': stays(4),
}


@dataclass(frozen=True)
class Situation:
    """What differs from all that is well, and the alerts that fire then, by name and severity."""

    words: str
    series: Mapping[str, str | None]
    fires: tuple[tuple[str, str], ...] = ()
    minute: int = 200
    count: int = field(default=1, compare=False)

    def test(self) -> dict[str, Any]:
        """One test of promtool; None for a series takes it away."""
        series = {key: values for key, values in {**GOOD, **self.series}.items() if values is not None}
        expected = [
            {"labels": f'{{alertname="{name}",severity="{severity}"}}', "value": self.count}
            for name, severity in self.fires
        ]
        return {
            "name": self.words,
            "interval": "1m",
            "input_series": [{"series": key, "values": values} for key, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                    "eval_time": f"{self.minute}m",
                    "exp_samples": expected,
                }
            ],
        }


WARNING, CRITICAL = "warning", "critical"
RUNS, VERDICTS = "IdagRunsBurnBudget", "IdagVerdictsBurnBudget"
IDLE: dict[str, str | None] = {run("success"): stays(0), run("cancellation"): stays(0)}
DEADLINE = 7200
SITUATIONS = (
    Situation("all is well", {}),
    Situation("nothing happens at all", {key: None for key in GOOD if not key.startswith("up{")}),
    Situation("most runs fail", {run("failure"): grows(2)}, (("IdagPipelineFailing", WARNING),)),
    Situation("half of the runs fail", {run("failure"): grows()}),
    Situation("a single run of an hour fails", {**IDLE, run("failure"): steps(180)}),
    Situation("much is superseded", {run("cancellation"): grows(9)}),
    Situation("most deployments fail", {stage("deploy", "failure"): grows(2)}, (("IdagDeployFailing", WARNING),)),
    Situation("half of the deployments fail", {stage("deploy", "failure"): grows()}),
    Situation(
        "most previews are slow", {stage("acceptance", "failure"): grows(2)}, (("IdagAcceptanceOverLimits", WARNING),)
    ),
    Situation("half of the previews are slow", {stage("acceptance", "failure"): grows()}),
    Situation("a preview has nothing left", {quota("used"): stays(3.7)}, (("IdagQuotaExhausted", WARNING),)),
    Situation("a preview uses much", {quota("used"): stays(3.5)}),
    Situation(
        "a run does not end",
        {of("run_oldest_seconds", 'state="executing"'): stays(DEADLINE + 1900)},
        (("IdagRunStuck", WARNING),),
    ),
    Situation("a run takes long", {of("run_oldest_seconds", 'state="executing"'): stays(DEADLINE + 1700)}),
    Situation(
        "evidence is not stored", {stage("evidence", "failure"): steps(190)}, (("IdagEvidenceStoreFailing", CRITICAL),)
    ),
    Situation("evidence was not stored two hours ago", {stage("evidence", "failure"): steps(80)}),
    Situation("a preview is overdue", {of("previews_overdue"): stays(1)}, (("IdagPreviewsOverdue", WARNING),)),
    Situation("the reaper cannot take something", {of("reaper_left"): stays(2)}, (("IdagPreviewsOverdue", WARNING),)),
    Situation("a preview is overdue for a moment", {of("previews_overdue"): steps(190)}),
    Situation("a preview had leaked", {LEAKED: steps(190)}, (("IdagPreviewsLeaked", WARNING),)),
    Situation("a preview had leaked two hours ago", {LEAKED: steps(80)}),
    Situation("a cleanup failed", {CLEANUP: steps(190)}, (("IdagCleanupFailing", WARNING),)),
    Situation(
        "a run could not take its preview away",
        {stage("remove-preview", "failure"): steps(190)},
        (("IdagCleanupFailing", WARNING),),
    ),
    Situation("a namespace is stuck", {of("reaper_stuck_namespaces"): stays(1)}, (("IdagCleanupFailing", WARNING),)),
    Situation("a cleanup failed two hours ago", {CLEANUP: steps(80)}),
    *(Situation(f"{each} is away", {up(each): None}, (("IdagControllerDown", CRITICAL),)) for each in COMPONENTS),
    Situation("none of two is away", {up("controller", "b"): stays(0)}),
    Situation(
        "all are away", {up(each): stays(0) for each in COMPONENTS}, (("IdagControllerDown", CRITICAL),), count=5
    ),
    Situation("a controller restarts", {up("reaper"): f"1+0x197 0+0x1 1+0x{MINUTES - 199}"}),
    Situation("the reaper stalls", {LOOK: stays(200)}, (("IdagControllerStalled", CRITICAL),)),
    Situation("the reaper is slow", {LOOK: stays(170)}),
    Situation(
        "webhooks are followed late",
        {of("webhook_lag_seconds_bucket", f'le="{le}"'): grows(0.5) for le in LAG[:2]},
        (("IdagReceiverLagging", WARNING),),
    ),
    Situation(
        "a few webhooks are followed late",
        {of("webhook_lag_seconds_bucket", f'le="{le}"'): grows(0.95) for le in LAG[:2]},
    ),
    Situation("webhooks are not stored", {UNSTORED: grows()}, (("IdagReceiverLagging", WARNING),)),
    Situation("a webhook was not stored", {UNSTORED: steps(190)}),
    Situation("the forge allows hardly any more", {LEFT: stays(400)}, (("IdagForgeLimitNear", WARNING),)),
    Situation("our budget is used up", {BUDGET: stays(100)}, (("IdagForgeLimitNear", WARNING),)),
    Situation("the forge allows less", {LEFT: stays(600), BUDGET: stays(600)}),
    # Of four hours; the budget is 100.
    Situation("runs of a repository cost much", {COST: grows(0.6)}, (("IdagRepositoryOverBudget", WARNING),)),
    Situation(
        "previews of a repository cost much", {PREVIEW_COST: stays(30)}, (("IdagRepositoryOverBudget", WARNING),)
    ),
    Situation("a repository is near its budget", {COST: grows(0.3), PREVIEW_COST: stays(8)}),
    Situation("a third of the runs is lost", {run("error"): grows(0.5)}, ((RUNS, CRITICAL), (RUNS, WARNING))),
    Situation("some runs are lost", {run("error"): grows(0.04)}, ((RUNS, WARNING),)),
    Situation("a run in 200 is lost", {run("error"): grows(0.005)}),
    Situation("provision fails", {stage("provision", "failure"): grows(0.5)}, ((RUNS, CRITICAL), (RUNS, WARNING))),
    Situation("of few runs one is lost", {**IDLE, run("error"): steps(190)}),
    Situation("verdicts come late", {IN_TIME: stays(0)}, ((VERDICTS, CRITICAL), (VERDICTS, WARNING))),
    Situation("some verdicts come late", {IN_TIME: grows(0.9)}, ((VERDICTS, WARNING),)),
    Situation("a verdict in 50 comes late", {IN_TIME: grows(0.98)}),
)
