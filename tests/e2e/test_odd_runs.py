"""Runs that things happen to: helm is killed in its middle; a repository and evidence with names that are no UTF-8."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from implementation_dag.base import wait
from scripts.lab.stand import previews, repository, workflow
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.evidence import download, prefix
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session

NOT_UTF8 = os.fsdecode(b"caf\xe9.txt")
# What an application's own tests may do: leave evidence of any name.
LEAVES = """import os
from pathlib import Path


def test_leaves_evidence() -> None:
    for name in (b"caf\\xe9.txt", b"fine.txt"):
        (Path("/work/evidence") / os.fsdecode(name)).write_text("x")
"""
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


@pytest.mark.long
def test_a_run_after_helm_was_killed_in_its_middle_succeeds(session: Session, tmp_path: Path) -> None:
    kubectl = session.environment.kubectl
    # Ready late: helm waits, and is in its middle for long enough to be killed there.
    template = Path("charts/app/templates/deployment.yaml")
    (tmp_path / template).parent.mkdir(parents=True)
    late = (repository.APP / template).read_text().replace("periodSeconds: 5", "initialDelaySeconds: 40", 1)
    (tmp_path / template).write_text(late)
    killed = PullRequest("killed", version="6.0.0", folders=((tmp_path, "."),))
    pull = repository.open_pull_request(session.host, killed, session.work)
    given = {"owner": OWNER, "repo": REPO, "pr": str(pull.number)}
    name = workflow.submit(session.environment, given)
    namespace = f"impl-pr-{pull.number}"
    pending = "owner=helm,status=pending-install"
    begun = wait.until(lambda: kubectl.items("secrets", f"--namespace={namespace}", f"--selector={pending}"), 300, 0.2)
    assert begun, "helm did not begin"
    docsrun = f"taskmaster.io/docsrun={name}-deploy"
    place = f"--namespace={RELEASE_NAMESPACE}"
    kubectl.run("delete", "pods", f"--selector={docsrun}", place, "--grace-period=0", "--force")
    kubectl.run(
        "patch", "workflows.argoproj.io", name, place, "--type=merge", '--patch={"spec":{"shutdown":"Terminate"}}'
    )
    assert workflow.follow(session.environment, [name], lambda _: None)[name]["status"]["phase"] == "Failed"
    assert kubectl.items("secrets", f"--namespace={namespace}", f"--selector={pending}"), "helm had ended before"
    again = workflow.submit(session.environment, given)
    found = workflow.finished(session.environment, workflow.follow(session.environment, [again], lambda _: None)[again])
    assert found.phase == "Succeeded", found
    preview = previews.namespace(session.environment, pull.number)
    assert preview is not None and preview["metadata"]["labels"]["workflow"] == again


@pytest.mark.long
def test_names_that_are_no_utf8_are_left_out_of_the_evidence_and_kept_in_the_repository(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_evidence.py").write_text(LEAVES)
    (tmp_path / ".gitattributes").write_text("*.txt text eol=crlf\n*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (tmp_path / "big.bin").write_text(POINTER)
    for hostile in (NOT_UTF8, "größe 'in' \"cm\".txt", "-rf.txt"):
        (tmp_path / hostile).write_text("one\r\ntwo\r\n")
    odd = PullRequest("odd", folders=((tmp_path, "."),))
    pull = repository.open_pull_request(session.host, odd, session.work)
    name = workflow.submit(session.environment, {"owner": OWNER, "repo": REPO, "pr": str(pull.number)})
    found = workflow.finished(session.environment, workflow.follow(session.environment, [name], lambda _: None)[name])
    assert found.phase == "Succeeded", found
    files = download(session.store, prefix(OWNER, REPO, str(pull.number), name)).files
    assert "rex/fine.txt" in files
    assert not [path for path in files if "caf" in path]
    # Nothing was changed on the way, so nothing was pushed over it.
    assert files["rex/commit.txt"].decode().split() == [pull.head, "unchanged"]
