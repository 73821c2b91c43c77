"""`argo retry` begins anew, and says what it lacks after cleanup took the preview."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from idag.toolchain import tool
from scripts.demo.scenarios import MISSING_IMAGE
from scripts.lab.stand import repository, workflow
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session

ANEW = ("--restart-successful", "--node-field-selector=templateName=provision")


def retry(session: Session, name: str, *flags: str) -> str:
    """Retry the run as a person does, follow it to its end; what its deploy said."""
    config = f"--kubeconfig={session.environment.kubectl.kubeconfig}"
    command = [str(tool("argo")), "retry", name, f"--namespace={RELEASE_NAMESPACE}", config, *flags]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return deploy_of(session, name)


def deploy_of(session: Session, name: str) -> str:
    found: dict[str, Any] = workflow.follow(session.environment, [name], lambda _: None)[name]
    stages = workflow.finished(session.environment, found).stages
    return next(stage.message for stage in stages if stage.name == "deploy")


@pytest.mark.long
def test_a_retry_says_what_it_lacks_and_begins_anew_where_it_is_told_to(session: Session) -> None:
    pull = PullRequest("retry", image=f"{session.environment.registry}/{OWNER}/{MISSING_IMAGE}")
    pull = repository.open_pull_request(session.host, pull, session.work)
    name = workflow.submit(session.environment, {"owner": OWNER, "repo": REPO, "pr": str(pull.number)})
    assert "PodsCannotRun" in deploy_of(session, name)
    said = retry(session, name)
    assert "AccountMissing" in said and ANEW[1].partition("=")[2] in said
    assert "PodsCannotRun" in retry(session, name, *ANEW)
    found = session.environment.kubectl.items("docsruns.taskmaster.io", f"--namespace={RELEASE_NAMESPACE}")
    names = {item["metadata"]["name"] for item in found}
    assert {f"{name}-deploy", f"{name}-deploy-2", f"{name}-deploy-3"} <= names
