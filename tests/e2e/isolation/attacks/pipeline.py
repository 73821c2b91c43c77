"""Hostile repositories: in real pods of the pipeline, with the git server and the steps of the release."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from implementation_dag.base import wait
from implementation_dag.contract.labels import BOXED
from scripts.lab.errors import LabError
from scripts.lab.stand import workflow as workflows
from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.evidence import download, prefix
from scripts.lab.stand.repository import OWNER

from . import careless, layers
from .box import SHARED, Box, encoded
from .corpus import Case
from .network import address

RUN_SECONDS = 240.0
PUSHED = "; pushed: "


def push(box: Box, repo: str, files: dict[str, Any], branch: str = "main") -> tuple[str, Path]:
    """Push a repository of files (text, {link: target} or {commit: sha} of a submodule); its commit and folder."""
    host, folder = box.session.host, Path(tempfile.mkdtemp(prefix=f"{repo}-", dir=box.folder))
    host.create_repository(OWNER, repo, empty=False)
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
    return host.git("rev-parse", "HEAD", cwd=folder), folder


def agent(box: Box, case: Case) -> str:
    """Let the agent rex work on a repository whose test is hostile; what it and its step printed."""
    test = case.given.replace("GIT_URL", f"https://{GIT_HOST}/{OWNER}/{case.name}.git")
    if target := case.options.get("target"):
        host, port = address(box, target)
        test = test.replace("TARGET_HOST", host).replace("TARGET_PORT", str(port))
    files = {"tests/test_escape.py": test} | case.options.get("files", {})
    commit, folder = push(box, case.name, files, "feature")
    given = {"github-app": "rex", "commit": commit, "branch": "feature"}
    arguments = {"parameters": [{"name": name, "value": value} for name, value in given.items()]}
    template = {"name": "coderun-template", "template": "coderun-main"}
    git_host = box.session.host
    # What an attack of an earlier run pushed, to show that it could, may still be there.
    before = git_host.references(OWNER, case.name, "refs/heads/*", folder)
    words = run_template(box, {"owner": OWNER, "repo": case.name, "pr": str(SHARED)}, template, arguments)
    after = git_host.references(OWNER, case.name, "refs/heads/*", folder)
    if after != before:
        pushed = [tip for name, tip in after.items() if before.get(name) != tip]
        git_host.git("fetch", "--quiet", git_host.url(OWNER, case.name), "+refs/heads/*:refs/tips/*", cwd=folder)
        names = git_host.git("log", "--name-only", "--format=", *pushed, f"^{commit}", cwd=folder).split()
        words += f"{PUSHED}{', '.join(sorted(set(names)))}"
    return words


def run_template(
    box: Box, parameters: dict[str, str], ref: dict[str, str], arguments: dict[str, Any], name: str = ""
) -> str:
    """Run one template of the release as a workflow of its own, of that name if one is given; the logs of its pods."""
    task = {"name": "attack", "templateRef": ref | {"name": template_of(box, ref["name"])}, "arguments": arguments}
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
        logs, seen = [], box.metadata_clients()
        for pod in workflows.workflow_pods(box.session.environment, name):
            where = (pod["metadata"]["name"], f"--namespace={box.namespace}")
            containers = [item["name"] for item in (*pod["spec"].get("initContainers", []), *pod["spec"]["containers"])]
            if "main" in containers:
                logs.append(box.kubectl.run("logs", *where, "--container=main"))
            if pod["status"].get("podIP") in seen:
                logs.append("it asked the metadata service")
        boxes = box.kubectl.items("pods", f"--namespace={box.namespace}", f"--selector=workflow={name},{BOXED}")
        logs.append("its box is still there" if boxes else "its box is gone")
        return "\n".join(logs)
    finally:
        box.kubectl.run("delete", "workflow", name, f"--namespace={box.namespace}", "--wait=false")


def workflow(box: Box, case: Case) -> str:
    """Submit a whole workflow; the message of its first node that failed."""
    parameters = dict(case.given)
    if branch := case.options.get("branch"):
        parameters["repo"] = case.name
        _, folder = push(box, case.name, {"README.md": "Hostile\n"}, "feature")
        host = box.session.host
        host.reserve(OWNER, case.name, int(parameters["pr"]))
        host.open_pull_request(OWNER, case.name, "feature")
        # The branch of such a name becomes the only one at the head.
        refs = (f"HEAD:refs/heads/{branch}", ":refs/heads/feature")
        host.git("push", "--quiet", "--force", host.url(OWNER, case.name), *refs, cwd=folder)
    arguments = [{"name": name, "value": value} for name, value in parameters.items()]
    spec = {"workflowTemplateRef": {"name": template_of(box, box.release)}, "arguments": {"parameters": arguments}}
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": spec}
    name = box.kubectl.create(manifest | {"metadata": {"generateName": "isolation-", "namespace": box.namespace}})
    try:
        for _ in wait.rounds(RUN_SECONDS):
            found = workflows.read(box.session.environment, name).get("status", {})
            for node in (found.get("nodes") or {}).values():
                if node.get("displayName") == "set-params" and node.get("phase") in ("Failed", "Error"):
                    return str(node.get("message"))
                if node.get("displayName") == "set-params" and node.get("phase") == "Succeeded":
                    return f"set-params Succeeded: {json.dumps(node.get('outputs'))}"
            if found.get("phase") in workflows.ENDED:
                return f"{found['phase']}: {found.get('message')} {json.dumps(found.get('nodes'))[:500]}"
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
    (evidence_step,) = [item for item in box.templates if item["name"] == "evidence"]
    step = copy.deepcopy(evidence_step) | {"name": "fail"}
    for field in ("inputs", "outputs", "serviceAccountName"):
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


def template_of(box: Box, name: str) -> str:
    """The release's WorkflowTemplate of this name, or a copy of it without the layers that are taken out."""
    if not box.without & careless.CODE.keys():
        return name
    config_map = layers.put_code(box.kubectl, box.namespace, layers.code(box.without))
    found = layers.plain(box.kubectl.get("workflowtemplate", name, f"--namespace={box.namespace}") or {})
    copy = f"{config_map}-{name}"
    found["metadata"] = {"name": copy, "namespace": box.namespace, "labels": layers.MARK}
    found["spec"]["templates"] = [
        item if "dag" in item else layers.opened(item, config_map) for item in found["spec"]["templates"]
    ]
    box.kubectl.apply([found])
    return copy


def remove_workflow(box: Box, name: str) -> None:
    """Delete the workflow, exit handler and all: nothing was created that it would have to clean up."""
    try:
        box.kubectl.run("delete", "workflow", name, f"--namespace={box.namespace}", "--wait=false")
    except LabError as error:
        raise AssertionError(f"workflow {name} stays: {error}") from error
