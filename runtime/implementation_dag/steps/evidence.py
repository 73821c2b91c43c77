"""Step evidence: index.json over everything that the stages left in the bucket, whatever became of the run.

Beside it report.html, which says the same to a person, and one folder up the pull request's runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightkube import Client

from implementation_dag import cost
from implementation_dag.base import kube, outputs, workflow_status
from implementation_dag.base.errors import ArgumentError, StepError
from implementation_dag.base.log import fail, say
from implementation_dag.contract import arguments, names, settings, stages
from implementation_dag.pages import report, runs, timeline
from implementation_dag.preview import preview_look

from . import evidence_index

STAGES = Path("/input/stages")
# Of the pull request's runs before this one.
EARLIER = Path("/input/runs.json")
ARTIFACTS = Path("/artifacts")


def main() -> int:
    """Write index.json and the pages; 1 when something of the run could not be read, which they then say."""
    env, told, client = os.environ, settings.load(settings.OfEvidence), kube.client()
    name, uid, namespace = env["WORKFLOW"], env["WORKFLOW_UID"], env["NAMESPACE"]
    nodes = None
    try:
        workflow = workflow_status.read(client, namespace, name, uid)
        status = workflow_status.of(workflow, env["STATUS"])
        nodes = workflow_status.nodes(workflow)
    except StepError as error:
        fail(str(error))
        status = workflow_status.RunStatus(env["STATUS"], notes=(workflow_status.bounded(error),))
    looked, words = look(client, status, name, told.namespace)
    status = replace(status, notes=(*status.notes, *words))
    versions = {
        "chart": told.installation.chart,
        "runtime": told.installation.image,
        "kubernetes": kube.server_version(client),
    }
    run = evidence_index.Run(name, uid, namespace, env["INSTALLATION"])
    found = evidence_index.build(run, versions, status, looked, STAGES)
    found["usage"] = None
    if nodes is not None:
        used = spent(nodes, told.beside, status, looked)
        # The exit handler takes away what a run leaves that did not succeed.
        stays = looked.hourly if looked and status.result == workflow_status.SUCCEEDED else cost.NOTHING
        costs = told.cost.of(used, stays)
        found["usage"] = evidence_index.usage(used, costs)
        outputs.write({"cost": costs.written() if costs else ""})
    write(found, STAGES, EARLIER, ARTIFACTS, links=told.pages.links)
    for note in found["notes"]:
        say(note)
    for item in found["files"]:
        say(f"{item['stage']:<11} {item['result']:<9} {item['size']:>9} B  {item['name']}")
    return 1 if status.notes else 0


def write(index: evidence_index.Object, folder: Path, earlier: Path, target: Path, links: bool) -> None:
    """Write the pages of the evidence in `folder`, and the index, which then names the report, into `target`.

    `links`: what lies beside a page opens where it does.
    """
    target.mkdir(parents=True, exist_ok=True)
    rows = runs.added(index, folder, earlier)
    if rows is not None:
        (target / "runs.json").write_text(json.dumps({"runs": rows}, indent=2) + "\n")
        (target / "runs.html").write_text(runs.build(index, rows, links), encoding="utf-8")
    page = target / evidence_index.REPORT
    page.write_text(report.build(index, folder, compared=rows is not None, links=links), encoding="utf-8")
    index["files"].append(evidence_index.entry(page.name, page))
    (target / evidence_index.INDEX).write_text(json.dumps(index, indent=2) + "\n")


def spent(
    nodes: list[workflow_status.Object],
    beside: dict[str, tuple[dict[str, Any], ...]],
    status: workflow_status.RunStatus,
    looked: preview_look.Look | None,
) -> cost.Usage:
    """Return what a run has used: its pods, those that its tasks let run beside them, and its preview until now."""
    found = cost.of_pods(nodes)
    for folder, containers in beside.items():
        took = timeline.between(*status.times.get(stages.TASKS.get(folder, ""), ("", "")))
        found += sum(map(cost.of_resources, containers), cost.NOTHING).held(took or 0)
    if looked:
        stood = timeline.between(status.times.get("deploy", ("", ""))[1], looked.at)
        found += looked.hourly.held(stood or 0)
    return found


def look(
    client: Client, status: workflow_status.RunStatus, workflow: str, naming: settings.Namespace
) -> tuple[preview_look.Look | None, list[str]]:
    """Return what runs in this run's preview now, and in words why that cannot be told; neither when it has none."""
    given = {key: status.parameters.get(key, "") for key in ("owner", "repo", "pr")}
    try:
        arguments.validate(given)
    except ArgumentError:
        return None, []
    if status.verdict("deploy") == workflow_status.OMITTED:
        return None, []
    try:
        seen = preview_look.look(client, names.namespace(**given, scope=naming.scope, prefix=naming.prefix))
    except StepError as error:
        return None, [f"what runs in the preview is unknown: {workflow_status.bounded(error)}"]
    return (seen if seen.holder == names.label_value(workflow) else None), []
