"""Hostile repositories: in real pods of the pipeline, with the git server and the steps of the release."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from scripts.demo import workflow as workflows
from scripts.demo.certificates import GIT_HOST
from scripts.demo.errors import DemoError
from scripts.demo.evidence import download, prefix
from scripts.demo.release import GIT_SECRET
from scripts.demo.repository import OWNER

from .box import LABELS, SHARED, Box, encoded
from .corpus import Case
from .network import address

RUN_SECONDS = 240.0


def push(box: Box, repo: str, files: dict[str, Any], branch: str = "main") -> str:
    """Push a repository with these files (text, {link: target} or {commit: sha} of a submodule); its commit."""
    host, folder = box.session.host, box.folder / repo
    folder.mkdir()
    host.create_repository(OWNER, repo)
    host.git("init", "--quiet", "--initial-branch=work", cwd=folder)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content)
        elif "link" in content:
            path.symlink_to(content["link"])
    host.git("-c", "filter.lfs.clean=cat", "add", "--all", cwd=folder)
    for name, content in files.items():
        if not isinstance(content, str) and "commit" in content:
            host.git("update-index", "--add", "--cacheinfo", f"160000,{content['commit']},{name}", cwd=folder)
    host.git("commit", "--quiet", "-m", "Hostile", cwd=folder)
    host.git("push", "--quiet", "--force", host.url(OWNER, repo), f"HEAD:refs/heads/{branch}", cwd=folder)
    return host.git("rev-parse", "HEAD", cwd=folder)


def docsrun(box: Box, case: Case) -> str:
    """Deploy the repository by a DocsRun as the deploy step does; reason and message of its status."""
    plain = {"chart/Chart.yaml": "apiVersion: v2\nname: escape\nversion: 1.0.0\n", "values.yaml": "{}\n"}
    commit = push(box, case.name, plain | {"chart/templates/x.yaml": "# nothing\n"} | case.given)
    env = {"NS": f"impl-pr-{SHARED}", "RELEASE": case.name[:53].strip("-"), "VALUES_FILE": "values.yaml", "SET": "{}"}
    env |= {"CHART_PATH": case.options.get("chartPath", "chart"), "LABELS": LABELS, "HELM_TIMEOUT": "30s"}
    env |= {"SET_JSON": "{}"}
    env |= {"POD_GRACE_SECONDS": "10", "HEALTH_PATH": "/", "HEALTH_TIMEOUT_SECONDS": "5", "ALLOW_NO_ENDPOINT": "true"}
    source = {"url": f"https://{GIT_HOST}/{OWNER}/{case.name}.git", "commit": commit, "credentialsSecret": GIT_SECRET}
    spec = {
        "image": box.image,
        "command": ["python3", "-m", "implementation_dag"],
        "args": ["helm-deploy"],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "timeout": case.options.get("timeout", "3m"),
        "serviceAccountName": f"{box.release}-deployer.impl-pr-{SHARED}",
        "targetNamespace": f"impl-pr-{SHARED}",
        "source": source,
    }
    metadata = {"name": case.name, "namespace": box.namespace}
    box.kubectl.create({"apiVersion": "taskmaster.io/v1", "kind": "DocsRun", "metadata": metadata, "spec": spec})
    try:
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            found = box.kubectl.get("docsrun", case.name, f"--namespace={box.namespace}") or {}
            status = found.get("status", {})
            if status.get("phase") in ("Succeeded", "Failed"):
                return f"{status['reason']}: {status['message']}"
            time.sleep(1)
        return f"did not end within {RUN_SECONDS:.0f} s: {status}"
    finally:
        box.kubectl.run("delete", "docsrun", case.name, f"--namespace={box.namespace}", "--wait=false")


def agent(box: Box, case: Case) -> str:
    """Let the agent rex work on a repository whose test is hostile; what it and its step printed."""
    test = case.given.replace("GIT_URL", f"https://{GIT_HOST}/{OWNER}/{case.name}.git")
    if target := case.options.get("target"):
        host, port = address(box, target)
        test = test.replace("TARGET_HOST", host).replace("TARGET_PORT", str(port))
    commit = push(box, case.name, {"tests/test_escape.py": test} | case.options.get("files", {}), "feature")
    given = {"github-app": "rex", "commit": commit, "branch": "feature"}
    arguments = {"parameters": [{"name": name, "value": value} for name, value in given.items()]}
    template = {"name": "coderun-template", "template": "coderun-main"}
    words = run_template(box, {"owner": OWNER, "repo": case.name, "pr": str(SHARED)}, template, arguments)
    tip = box.session.host.references(OWNER, case.name, "refs/heads/*", box.folder / case.name)
    assert set(tip.values()) == {commit}, f"something was pushed: {tip}"
    return words


def run_template(
    box: Box, parameters: dict[str, str], ref: dict[str, str], arguments: dict[str, Any], name: str = ""
) -> str:
    """Run one template of the release as a workflow of its own, of that name if one is given; the logs of its pods."""
    task = {"name": "attack", "templateRef": ref, "arguments": arguments}
    spec = {
        "entrypoint": "main",
        "serviceAccountName": f"{box.release}-runner",
        "activeDeadlineSeconds": int(RUN_SECONDS),
        "artifactRepositoryRef": {"configMap": f"{box.release}-artifacts"},
        "arguments": {"parameters": [{"name": name, "value": value} for name, value in parameters.items()]},
        "templates": [{"name": "main", "dag": {"tasks": [task]}}],
    }
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": spec}
    metadata = {"name": name} if name else {"generateName": "isolation-"}
    name = box.kubectl.create(manifest | {"metadata": metadata | {"namespace": box.namespace}})
    try:
        workflows.follow(box.session.environment, [name], lambda _: None, RUN_SECONDS)
        logs = []
        for pod in workflows.workflow_pods(box.session.environment, name):
            where = (pod["metadata"]["name"], f"--namespace={box.namespace}")
            containers = [item["name"] for item in (*pod["spec"].get("initContainers", []), *pod["spec"]["containers"])]
            if "main" in containers:
                logs.append(box.kubectl.run("logs", *where, "--container=main"))
        return "\n".join(logs)
    finally:
        box.kubectl.run("delete", "workflow", name, f"--namespace={box.namespace}", "--wait=false")


def workflow(box: Box, case: Case) -> str:
    """Submit a whole workflow; the message of its first node that failed."""
    parameters = dict(case.given)
    if branch := case.options.get("branch"):
        parameters["repo"] = case.name
        push(box, case.name, {"README.md": "Hostile\n"}, "feature")
        host, folder = box.session.host, box.folder / case.name
        host.open_pull_request(OWNER, case.name, int(parameters["pr"]), "feature")
        # The demo's server opens none of a branch of such a name, forges do: it becomes the only one at the head.
        refs = (f"HEAD:refs/heads/{branch}", ":refs/heads/feature")
        host.git("push", "--quiet", "--force", host.url(OWNER, case.name), *refs, cwd=folder)
    name = workflows.submit(box.session.environment, parameters)
    try:
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            found = workflows.read(box.session.environment, name).get("status", {})
            for node in (found.get("nodes") or {}).values():
                if node.get("displayName") == "set-params" and node.get("phase") in ("Failed", "Error"):
                    return str(node.get("message"))
            if found.get("phase") in workflows.ENDED:
                return f"{found['phase']}: {found.get('message')} {json.dumps(found.get('nodes'))[:500]}"
            time.sleep(1)
        return "set-params did not fail"
    finally:
        remove_workflow(box, name)


FAIL = """
import base64, sys
open("/dev/termination-log", "wb").write(base64.b64decode(sys.argv[1]))
sys.exit(1)
"""


def message(box: Box, case: Case) -> str:
    """Let a stage fail with these words; how the run's index tells them, and whether they reached a template value."""
    step = copy.deepcopy(box.provision_step) | {"name": "fail"}
    for field in ("inputs", "serviceAccountName"):
        del step[field]
    # In base64, so that Argo meets the words in the node's message only.
    step["container"] |= {"command": ["python3", "-c", FAIL], "args": [encoded(case.given)], "env": []}
    parameters = {"owner": OWNER, "repo": case.name, "pr": str(SHARED)}
    evidence = {"name": "evidence", "templateRef": {"name": box.release, "template": "evidence"}}
    spec = {
        "entrypoint": "main",
        "onExit": "end",
        "serviceAccountName": f"{box.release}-runner",
        "activeDeadlineSeconds": int(RUN_SECONDS),
        "artifactRepositoryRef": {"configMap": f"{box.release}-artifacts"},
        "arguments": {"parameters": [{"name": name, "value": value} for name, value in parameters.items()]},
        "templates": [
            {"name": "main", "dag": {"tasks": [{"name": "deploy", "template": "fail"}]}},
            step,
            {"name": "end", "dag": {"tasks": [evidence]}},
        ],
    }
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": spec}
    name = box.kubectl.create(manifest | {"metadata": {"generateName": "isolation-", "namespace": box.namespace}})
    try:
        workflows.follow(box.session.environment, [name], lambda _: None, RUN_SECONDS)
        found = download(box.session.store, prefix(OWNER, case.name, str(SHARED), name)).document("index.json") or {}
        values = [
            str(variable.get("value"))
            for pod in workflows.workflow_pods(box.session.environment, name)
            for container in pod["spec"]["containers"]
            for variable in container.get("env", [])
            # Argo's own, a part of which is the node's message's source.
            if not variable["name"].startswith("ARGO_")
        ]
        held = [value for value in values if case.given in value or "pwnpwn" in value]
        told = (found.get("stages") or {}).get("deploy"), ascii((found.get("failures") or {}).get("deploy"))
        return (
            f"index.json tells that deploy {told[0]}: {told[1]}; {'held by ' + str(held) if held else 'in no variable'}"
        )
    finally:
        remove_workflow(box, name)


def remove_workflow(box: Box, name: str) -> None:
    """Delete the workflow, exit handler and all: nothing was created that it would have to clean up."""
    try:
        box.kubectl.run("delete", "workflow", name, f"--namespace={box.namespace}", "--wait=false")
    except DemoError as error:
        raise AssertionError(f"workflow {name} stays: {error}") from error
