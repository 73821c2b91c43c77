"""The dashboard of what previews and runs take: processors, memory, money, time."""

from __future__ import annotations

from .panels import RANGE, RATE, Board, Query, Row, above, bars, graph, of, ours, recorded, stat

GIB = 1024**3
CORES, BYTES, PRICE = (
    recorded(f"preview_{name}") for name in ("cpu_allocated:cores", "memory_allocated:bytes", "cost:hourly")
)
MONEY = "In the currency of the value cost.currency; nothing where the prices of cost are 0."
WORKING = of("cicd_pipeline_run_duration_seconds_sum", cicd_pipeline_run_state="executing")


def hours(series: str) -> str:
    """What was there in the chosen time, minute by minute, times how long it was."""
    return f"sum_over_time({series}[{RANGE}:1m]) / 60"


NOW = Row(
    "Now",
    (
        stat("Cost of an hour", MONEY, "short", Query(f"sum({PRICE})"), steps=above(10, 50)),
        stat("Processors", "What previews asked for, or use if that is more.", "cores", Query(f"sum({CORES})")),
        stat("Memory", "What previews asked for, or use if that is more.", "bytes", Query(f"sum({BYTES})")),
        stat("Previews", "Namespaces that take something.", "short", Query(f"count({CORES})")),
        stat(
            "Past their time",
            "Previews that cost and should be gone.",
            "short",
            Query(f"max({ours('previews_overdue')})"),
            steps=above(1, 5),
            runbooks=("IdagPreviewsOverdue",),
        ),
        stat(
            "Soon over",
            "Previews whose time is over within an hour.",
            "short",
            Query(f"max({ours('previews_expiring_soon')})"),
        ),
    ),
)
CHOSEN = Row(
    "Previews in the chosen time",
    (
        stat("Cost", MONEY, "short", Query(f"sum({hours(PRICE)})"), width=8),
        stat("Processor hours", "Processors times hours.", "short", Query(f"sum({hours(CORES)})"), width=8),
        stat("GiB hours", "GiB of memory times hours.", "short", Query(f"sum({hours(BYTES)}) / {GIB}"), width=8),
        graph("Cost of an hour", MONEY, "short", Query(f"topk(10, {PRICE})", "{{namespace}}"), stacked=True),
        graph(
            "Processors",
            "What previews asked for, or use if that is more.",
            "cores",
            Query(f"topk(10, {CORES})", "{{namespace}}"),
            stacked=True,
        ),
        graph(
            "Memory",
            "What previews asked for, or use if that is more.",
            "bytes",
            Query(f"topk(10, {BYTES})", "{{namespace}}"),
            stacked=True,
        ),
        bars("Costliest previews", MONEY, "short", Query(f"topk(10, {hours(PRICE)})", "{{namespace}}"), width=12),
        bars(
            "Longest processor hours",
            "Which previews took most.",
            "short",
            Query(f"topk(10, {hours(CORES)})", "{{namespace}}"),
            width=12,
        ),
    ),
)
REPOSITORIES = Row(
    "Repositories",
    (
        bars(
            "Cost of 30 days",
            "What runs and previews of each cost, by what they asked for.",
            "short",
            Query(f"topk(10, {recorded('repository_cost:sum30d')})", "{{repository}}"),
            runbooks=("IdagRepositoryOverBudget",),
            width=12,
        ),
        graph(
            "Cost of an hour",
            "What previews of each cost that stand, by what they asked for.",
            "short",
            Query(f"max by (repository) ({ours('preview_cost_hourly')})", "{{repository}}"),
            width=12,
        ),
    ),
)
WORK = Row(
    "Runs in the chosen time",
    (
        bars(
            "Time of runs",
            "How long runs worked, by how they ended: what failed or was replaced was paid for too.",
            "s",
            Query(f"sum by (cicd_pipeline_result) (increase({WORKING}[{RANGE}]))", "{{cicd_pipeline_result}}"),
        ),
        bars(
            "Time of stages",
            "Where the time goes.",
            "s",
            Query(f"sum by (stage) (increase({ours('stage_duration_seconds_sum')}[{RANGE}]))", "{{stage}}"),
        ),
        graph(
            "Runs at work",
            "How many work at once, by the time that they took.",
            "short",
            Query(f"sum(rate({WORKING}[{RATE}]))", "runs"),
        ),
    ),
)
COST = Board(
    "cost",
    "implementation-dag / cost",
    "What previews and runs take: processors, memory, money, time.",
    (NOW, REPOSITORIES, CHOSEN, WORK),
    since="now-7d",
)
