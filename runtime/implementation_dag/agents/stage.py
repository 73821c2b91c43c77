"""Step of one agent: check out, let the agent work in its box, publish what it made.

This pod holds the git token and runs nothing of the pull request; the box runs it and holds nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from implementation_dag.base import git, kube, outputs
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import fail, say
from implementation_dag.contract import arguments, rows, run, settings
from implementation_dag.contract.branch import decoded
from implementation_dag.contract.stages import WRITING_AGENTS

from . import bundle, client, evidence, findings, publish

SOURCE = Path("/work/src")
CHANGED = Path("/work/changed")
ARTIFACTS = Path("/artifacts")
TIMED_OUT = (124, 137, 143)


def main() -> int:
    """Write output `commit` and the stage's evidence to /artifacts/<stage>; 1 when the agent failed."""
    # Argo ends a step by this signal: the box must go then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    this, told, env = run.from_environment(), settings.load(settings.OfAgent), os.environ
    stage, start, branch = env["STAGE"], env["COMMIT"], decoded(env["BRANCH"])
    arguments.validate({"owner": this.owner, "repo": this.repo, "pr": this.pr, "commit": start, "branch": branch})
    url = git.repository_url(told.git.base_url, this.owner, this.repo)
    git.fetch(url, start, SOURCE)
    say(f"{this.pull_request} at {start}")
    folder = ARTIFACTS / stage
    status = in_a_box(this, stage, told.agents, folder)
    found = {"agent_seconds": str(status["agentSeconds"]), "findings": rows.written(findings.of(folder))}
    if status["exitCode"]:
        outputs.write({"commit": start} | found)
        fail(f"agent {stage} {words(status)}; its output is in the log of this step")
        return 1
    commit = start
    if stage in WRITING_AGENTS:
        author = (told.git.author_name, told.git.author_email)
        commit = publish.publish(SOURCE, CHANGED, url, branch, stage, this.workflow, author, folder)
    outputs.write({"commit": commit} | found)
    say(f"{stage}: {'changed nothing, ' if commit == start else ''}commit {commit}")
    return 0


def in_a_box(this: run.Run, stage: str, agents: settings.Agents, folder: Path) -> dict[str, Any]:
    """Let the agent work; evidence goes to `folder`, the changed tree to CHANGED. Return the AgentRun's status.

    A box that the cluster loses is replaced as often as a step is tried again. Raises StepError.
    """
    tries = 1 + agents.retries
    for attempt in range(1, tries + 1):
        try:
            return once(this, stage, agents, folder)
        except client.BoxLost as error:
            if attempt == tries:
                raise
            say(f"{error}; try {attempt + 1} of {tries}")
    raise AssertionError("unreachable")


def once(this: run.Run, stage: str, agents: settings.Agents, folder: Path) -> dict[str, Any]:
    """One try of `in_a_box`. Raises BoxLost, StepError."""
    for left_by_a_lost_box in (CHANGED, folder, folder.parent / evidence.APART_FOLDER):
        shutil.rmtree(left_by_a_lost_box, ignore_errors=True)
    box = client.start(kube.client(), this, stage, specification(this, stage, agents))
    try:
        box.wait("Waiting", limit=agents.start_seconds)
        box.give(SOURCE)
        box.wait("Ended", limit=agents.timeout_seconds + client.EXCHANGE_SECONDS, meanwhile=box.print_log)
        box.print_log(to_the_end=True)
        limit = agents.evidence_file_limit_bytes
        names = evidence.take(bundle.Reader(box.take("evidence")), folder, limit, publish.own_names(stage))
        say(f"evidence: {', '.join(names) or 'none'}")
        if stage in WRITING_AGENTS and not box.status["exitCode"]:
            bundle.unpack(bundle.Reader(box.take("work")), CHANGED, repository=False)
        return box.status
    finally:
        box.delete()


def specification(this: run.Run, stage: str, agents: settings.Agents) -> dict[str, Any]:
    """Return the AgentRun's spec. Raises StepError when no such agent is configured."""
    agent = agents.apps.get(stage)
    if agent is None:
        known = ", ".join(sorted(agents.apps))
        raise StepError(f"agent {stage!r} is not configured: value agents.reference.apps has {known}")
    env = {"STAGE": stage, "OWNER": this.owner, "REPO": this.repo, "PR": this.pr, "COMMIT": os.environ["COMMIT"]}
    return {
        "image": agent.image or agents.image,
        "command": list(agent.command),
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "resources": agents.resources,
        "timeoutSeconds": agents.timeout_seconds,
        "workspaceSize": agents.workspace_size,
    }


def words(status: dict[str, Any]) -> str:
    """Say how an agent that failed has ended."""
    code = status["exitCode"]
    if status["reason"] == "OOMKilled":
        return "needed more memory than its limit (value agents.reference.resources)"
    return "did not end within its time limit" if code in TIMED_OUT else f"failed with exit code {code}"
