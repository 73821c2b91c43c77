"""`idag doctor`: say what a cluster still needs."""

from __future__ import annotations

import click

from idag.cli.options import as_json, of_cluster, print_json
from idag.cluster.access import Access
from idag.doctor import cluster
from idag.doctor.checks import CHECKS
from implementation_dag.check.finding import Level, report


@click.command()
@of_cluster
@click.option("--release", default="implementation-dag", show_default=True, help="Name of the release.")
@click.option("--ingress", default="", help="Address of the ingress, where this machine cannot look its names up.")
@as_json
def doctor(context: str, namespace: str, release: str, ingress: str, output: str) -> int:
    """Check a cluster for what the chart needs, and say what to do; nothing is changed.

    Exit code 1 when something keeps the pipeline from working.
    """
    access = Access(context)
    seen = cluster.read(access, namespace or access.namespace, release, ingress)
    findings = (finding for check in CHECKS for finding in check(seen))
    if output == "json":
        told = list(findings)
        print_json([vars(finding) for finding in told])
        return 1 if any(finding.level == Level.PROBLEM for finding in told) else 0
    print(f"checking the cluster at {access.server}")
    return 1 if report(findings) else 0
