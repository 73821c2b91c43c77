"""The dashboard of an installation: is it well, what does it do, and what is in the way."""

from __future__ import annotations

from .panels import (
    RANGE,
    RATE,
    Board,
    Query,
    Row,
    above,
    bars,
    below,
    graph,
    of,
    ours,
    quantile,
    recorded,
    share,
    stat,
    table,
)

RUNS, RUN_SECONDS = ours("runs_total"), "cicd_pipeline_run_duration_seconds_bucket"
WRONG = 'result=~"failure|error"'
QUANTILES = (0.5, 0.95)


def percentiles(bucket: str) -> tuple[Query, ...]:
    """The usual, and the worst of twenty."""
    return tuple(Query(quantile(share, bucket), f"p{share * 100:.0f}") for share in QUANTILES)


NOW = Row(
    "Now",
    (
        stat(
            "Alerts that fire",
            "Each leads to a page that says what to do.",
            "short",
            Query(f"count({of('ALERTS', alertstate='firing')}) or vector(0)"),
            steps=above(1, 3),
        ),
        stat(
            "Runs that work",
            "Runs of the pipeline that have their turn.",
            "short",
            Query(f"sum({of('cicd_pipeline_run_active', cicd_pipeline_run_state='executing')})"),
        ),
        stat(
            "Previews",
            "Pull requests whose preview can be opened.",
            "short",
            Query(f"sum({ours('previews', phase='Ready')})"),
        ),
        stat(
            "Longest wait",
            "How long the pull request waits that waits longest for its turn.",
            "s",
            Query(f"max({ours('queue_oldest_seconds')})"),
            steps=above(600, 3600),
        ),
        stat(
            "Oldest run",
            "Age of the run that is in its state for longest.",
            "s",
            Query(f"max({ours('run_oldest_seconds')})"),
            steps=above(3600, 7200),
            runbooks=("IdagRunStuck",),
        ),
        stat(
            "Past their time",
            "Previews that are there a quarter of an hour after their time.",
            "short",
            Query(f"max({ours('previews_overdue')})"),
            steps=above(1, 5),
            runbooks=("IdagPreviewsOverdue",),
        ),
        table(
            "Which alerts",
            "Those that fire, or will if what they see stays; a click leads to the page.",
            "short",
            Query(f"sum by (alertname, severity, alertstate) ({of('ALERTS')})"),
            width=24,
            leads="${runbooks}/${__data.fields.alertname}.md",
        ),
    ),
)
WELL = Row(
    "How well it does",
    (
        stat(
            "Runs that end by a verdict",
            "Share of three days' runs that no fault of the pipeline ended.",
            "percentunit",
            Query(f"1 - {recorded('runs_wrong:ratio_rate3d')}"),
            steps=below(0.97, 0.99),
            runbooks=("IdagRunsBurnBudget",),
        ),
        stat(
            "Verdicts in time",
            "Share of three days' verdicts that came in time.",
            "percentunit",
            Query(f"1 - {recorded('verdicts_late:ratio_rate3d')}"),
            steps=below(0.9, 0.95),
            runbooks=("IdagVerdictsBurnBudget",),
        ),
        stat(
            "Lead time",
            "From push to a verdict that passed: the median of a week.",
            "s",
            Query(recorded("lead_time_seconds:median7d")),
            steps=above(1200, 3600),
        ),
        stat(
            "Failure rate",
            "Share of a week's runs that failed.",
            "percentunit",
            Query(recorded("failure:ratio7d")),
            steps=above(0.3, 0.6),
            runbooks=("IdagPipelineFailing",),
        ),
        stat(
            "Time to mend",
            "From a pull request's first run that failed to its next that passed: the median of a week.",
            "s",
            Query(recorded("time_to_mend_seconds:median7d")),
            steps=above(14400, 86400),
        ),
        stat(
            "Cleanups that failed",
            "Runs that could not take a preview away.",
            "short",
            Query(f"sum(increase({ours('cleanups_total', WRONG)}[{RANGE}]))"),
            steps=above(1, 3),
            runbooks=("IdagCleanupFailing",),
        ),
    ),
)
WORK = Row(
    "Runs",
    (
        graph(
            "Runs by result",
            "Runs of the pipeline that have ended; what a newer push replaced is a cancellation.",
            "short",
            Query(f"sum by (result) (increase({RUNS}[{RATE}]))", "{{result}}"),
            stacked=True,
            runbooks=("IdagPipelineFailing",),
        ),
        graph(
            "How long runs work",
            "Without their wait for a turn, of an hour's runs.",
            "s",
            *percentiles(of(RUN_SECONDS, cicd_pipeline_run_state="executing")),
        ),
        graph(
            "How long runs wait",
            "For their turn, of an hour's runs.",
            "s",
            *percentiles(of(RUN_SECONDS, cicd_pipeline_run_state="pending")),
        ),
        graph(
            "From push to verdict",
            "Until the verdict stands at the forge, of an hour's runs.",
            "s",
            *percentiles(ours("push_to_verdict_seconds_bucket")),
            runbooks=("IdagVerdictsBurnBudget",),
        ),
        bars(
            "Stages that failed",
            "In the chosen time.",
            "short",
            Query(f"sort_desc(sum by (stage) (increase({ours('stage_results_total', WRONG)}[{RANGE}])))", "{{stage}}"),
            steps=above(1, 10),
            runbooks=("IdagDeployFailing", "IdagAcceptanceOverLimits", "IdagEvidenceStoreFailing"),
        ),
        bars(
            "How long a stage takes",
            "The mean of the chosen time.",
            "s",
            Query(
                share(
                    f"sum by (stage) (increase({ours('stage_duration_seconds_sum')}[{RANGE}]))",
                    f"sum by (stage) (increase({ours('stage_duration_seconds_count')}[{RANGE}]))",
                ),
                "{{stage}}",
            ),
        ),
        table(
            "Repositories",
            "Runs of the chosen time by repository and result; a click leads to the repository's own dashboard.",
            "short",
            Query(f"sum by (repository, result) (increase({RUNS}[{RANGE}])) > 0"),
            width=12,
            leads="/d/implementation-dag-pipeline?var-job=${job}&var-repository=${__data.fields.repository}",
        ),
        graph(
            "Cleanups",
            "Runs that took a preview away, by why and how they ended.",
            "short",
            Query(f"sum by (cause, result) (increase({ours('cleanups_total')}[{RATE}])) > 0", "{{cause}}: {{result}}"),
            width=12,
            runbooks=("IdagCleanupFailing",),
        ),
    ),
)
PREVIEWS = Row(
    "Previews",
    (
        graph(
            "Pull requests",
            "By where their preview is.",
            "short",
            Query(f"sum by (phase) ({ours('previews')}) > 0", "{{phase}}"),
            stacked=True,
        ),
        graph(
            "Soon over, and overdue",
            "Previews whose time is over within an hour, or was a quarter of an hour ago; all namespaces of previews.",
            "short",
            Query(f"max({ours('previews_expiring_soon')})", "soon over"),
            Query(f"max({ours('previews_overdue')})", "overdue"),
            Query(f"max({ours('preview_namespaces')})", "namespaces"),
        ),
        bars(
            "Nearest to their quota",
            "The ten previews that asked for most of a resource of their quota.",
            "percentunit",
            Query(f"topk(10, {recorded('preview_quota:ratio')})", "{{namespace}}: {{resource}}"),
            steps=above(0.7, 0.9),
            runbooks=("IdagQuotaExhausted",),
        ),
        graph(
            "Processors in use",
            "Share of their limits, of the five previews that use most.",
            "percentunit",
            Query(f"topk(5, {recorded('preview_cpu_quota:ratio')})", "{{namespace}}"),
        ),
        graph(
            "Memory in use",
            "Share of their limits, of the five previews that use most.",
            "percentunit",
            Query(f"topk(5, {recorded('preview_memory_quota:ratio')})", "{{namespace}}"),
        ),
        graph(
            "What the reaper took",
            "Leaked: nobody took it away who should have.",
            "short",
            Query(
                f"sum by (kind, reason) (increase({ours('reaper_removed_total')}[{RATE}])) > 0", "{{kind}}: {{reason}}"
            ),
            runbooks=("IdagPreviewsLeaked",),
        ),
        graph(
            "What the reaper left",
            "What resisted at its last pass, what waits for its grace, namespaces that take too long to go.",
            "short",
            Query(f"max({ours('reaper_left')})", "left"),
            Query(f"max({ours('reaper_waiting')})", "waiting"),
            Query(f"max({ours('reaper_stuck_namespaces')})", "stuck namespaces"),
            runbooks=("IdagPreviewsOverdue", "IdagCleanupFailing"),
        ),
        graph(
            "Passes of the reaper",
            "By how they ended.",
            "short",
            Query(f"sum by (result) (increase({ours('reaper_passes_total')}[{RATE}]))", "{{result}}"),
        ),
        graph(
            "How long a pass takes",
            "Of an hour's passes.",
            "s",
            *percentiles(ours("reaper_pass_duration_seconds_bucket")),
        ),
    ),
)
FORGE = Row(
    "Forge",
    (
        graph(
            "What the forge still allows",
            "Share of its rate limit that is left to each identity, and of forge.callsPerHour.",
            "percentunit",
            Query(
                f"min by (identity) ({ours('forge_rate_limit_remaining')} / {ours('forge_rate_limit')})", "{{identity}}"
            ),
            Query(f"min({ours('forge_budget_remaining')} / {ours('forge_budget')})", "forge.callsPerHour"),
            runbooks=("IdagForgeLimitNear",),
        ),
        graph(
            "Calls",
            "Requests of the forge by what came of them.",
            "reqps",
            Query(f"sum by (result) (rate({ours('forge_requests_total')}[{RATE}]))", "{{result}}"),
        ),
        graph(
            "How long the forge takes",
            "To answer, of an hour's requests.",
            "s",
            *percentiles(ours("forge_request_duration_seconds_bucket")),
        ),
        graph(
            "Webhooks",
            "By the status of our answer.",
            "reqps",
            Query(f"sum by (code) (rate({ours('webhook_deliveries_total')}[{RATE}]))", "{{code}}"),
        ),
        graph(
            "How late webhooks are followed",
            "From receipt until the forge was asked, of an hour's webhooks.",
            "s",
            *percentiles(ours("webhook_lag_seconds_bucket")),
            runbooks=("IdagReceiverLagging",),
        ),
        graph(
            "How long the receiver takes",
            "To answer, of an hour's webhooks.",
            "s",
            *percentiles(ours("webhook_duration_seconds_bucket")),
        ),
    ),
)
OBJECTS = Row(
    "DocsRuns and AgentRuns",
    (
        graph(
            "There are",
            "By phase.",
            "short",
            Query(f"sum by (kind, phase) ({ours('objects')}) > 0", "{{kind}}: {{phase}}"),
            stacked=True,
        ),
        graph(
            "Have ended",
            "By phase.",
            "short",
            Query(
                f"sum by (kind, phase) (increase({ours('object_results_total')}[{RATE}])) > 0", "{{kind}}: {{phase}}"
            ),
            stacked=True,
        ),
        graph(
            "How long they take",
            "What nineteen of twenty of an hour did not exceed.",
            "s",
            Query(quantile(0.95, ours("object_duration_seconds_bucket"), "kind"), "{{kind}}"),
        ),
    ),
)
PROCESSES = Row(
    "Our processes",
    (
        graph(
            "Answer",
            "Pods that Prometheus reaches, by component.",
            "short",
            Query(f"sum by (container) ({of('up')})", "{{container}}"),
            runbooks=("IdagControllerDown",),
        ),
        graph(
            "Last look",
            "Age of the last whole look at all objects of a kind.",
            "s",
            Query(f"max by (container, kind) ({ours('last_look_age_seconds')})", "{{container}}: {{kind}}"),
            runbooks=("IdagControllerStalled",),
        ),
        graph(
            "Looks that went wrong",
            "They are made again.",
            "short",
            Query(
                f"sum by (container, kind) (increase({ours('look_faults_total')}[{RATE}]))", "{{container}}: {{kind}}"
            ),
        ),
        graph(
            "Processors",
            "In use.",
            "cores",
            Query(f"sum by (container) (rate({of('process_cpu_seconds_total')}[{RATE}]))", "{{container}}"),
            width=12,
        ),
        graph(
            "Memory",
            "In use.",
            "bytes",
            Query(f"max by (container) ({of('process_resident_memory_bytes')})", "{{container}}"),
            width=12,
        ),
    ),
)
FLEET = Board(
    "fleet",
    "implementation-dag / fleet",
    "Is the installation well, what does it do, and what is in the way.",
    (NOW, WELL, WORK, PREVIEWS, FORGE, OBJECTS, PROCESSES),
)
