"""Our helm step as the deploy step starts it: by a DocsRun, or by its Job where layers that are code are taken out."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any
from unittest import mock

from idag.yaml_reader import load
from implementation_dag.base import wait
from implementation_dag.base.log import clean
from implementation_dag.docsrun import job, results, settings, verdict
from scripts.chart.render.project import CHART
from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.release import GIT_SECRET
from scripts.lab.stand.repository import OWNER

from . import layers
from .box import LABELS, Box

RUN_SECONDS = 240.0
KEPT = 6000
KINDS = "deployments,pods,persistentvolumeclaims"
# Files that our step leaves.
OURS = {"resources.yaml", "helm-status.txt", "diagnosis.txt", "urls.json"}
Object = dict[str, Any]


def release(name: str) -> str:
    """Name of the helm release of that repository."""
    return name[:53].strip("-")


def helm(box: Box, name: str, pr: int, options: dict[str, Any], commit: str = "") -> str:
    """Deploy the chart of repository `name` at `commit` into the preview, without one uninstall; how that ended."""
    env = {"NS": f"impl-pr-{pr}", "RELEASE": release(name)}
    if commit:
        env |= {
            "VALUES_FILE": "values.yaml",
            "SET": "{}",
            "ANNOTATIONS": "{}",
            "ANNOTATIONS_KEY": "ingress.annotations",
            "CHART_PATH": options.get("chartPath", "chart"),
        }
        env |= {"LABELS": LABELS, "HELM_TIMEOUT": "30s", "POD_GRACE_SECONDS": "10", "ALLOW_NO_ENDPOINT": "true"}
        env |= {"HEALTH_PATH": "/", "HEALTH_TIMEOUT_SECONDS": "5", "UNSCHEDULABLE_GRACE_SECONDS": "10"}
        env |= {"REPOSITORY": json.dumps(_bounds(env))}
    spec: Object = {
        "image": box.image,
        "command": ["python3", "-m", "implementation_dag"],
        "args": ["helm-deploy" if commit else "helm-uninstall"],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "timeout": options.get("timeout", "3m"),
        "serviceAccountName": f"{box.release}-deployer.impl-pr-{pr}",
        "targetNamespace": f"impl-pr-{pr}",
    }
    if commit:
        url = f"https://{GIT_HOST}/{OWNER}/{name}.git"
        spec["source"] = {"url": url, "commit": commit, "credentialsSecret": GIT_SECRET}
    if "limits" in box.without:
        spec |= {"resources": {"limits": {"memory": "6Gi"}}, "timeout": "10m"}
    run = name[:40] + hashlib.sha256(f"{name} {pr} {commit}".encode()).hexdigest()[:8]
    document = {
        "apiVersion": "taskmaster.io/v1",
        "kind": "DocsRun",
        "metadata": {"name": run, "namespace": box.namespace},
    }
    words = (_by_its_job if layers.code(box.without) else _by_its_controller)(box, document | {"spec": spec})
    return words + (_there(box, f"impl-pr-{pr}") if box.without else "")


def _bounds(env: dict[str, str]) -> Object:
    """What a repository may say of itself here: as much as by the chart's own values."""
    values = load((CHART / "values.yaml").read_text())
    defaults = values["defaults"] | {"chartPath": env["CHART_PATH"], "valuesFile": env["VALUES_FILE"]}
    del defaults["domain"]
    return {"repositories": values["repositories"] | {"defaults": defaults}, "names": {"host": "escape.example.com"}}


def _by_its_controller(box: Box, docsrun: Object) -> str:
    """The real thing, created by the identity that creates it in production."""
    name, place = docsrun["metadata"]["name"], f"--namespace={box.namespace}"
    box.acting(f"{box.release}-runner").create(docsrun)
    try:
        for _ in wait.rounds(RUN_SECONDS + (600 if "limits" in box.without else 0)):
            status = (box.kubectl.get("docsrun", name, place) or {}).get("status", {})
            if status.get("phase") in ("Succeeded", "Failed"):
                words = f"{status['reason']}: {status['message']}"
                reference = status.get("resultsRef", {}).get("name", "")
                kept = (box.kubectl.get("configmap", reference, place) or {}) if reference else {}
                return words + _asked(box, name) + _made(kept.get("binaryData", {}))
        return f"did not end within {RUN_SECONDS:.0f} s: {status}"
    finally:
        box.kubectl.run("delete", "docsrun", name, place, "--wait=false")


def _by_its_job(box: Box, docsrun: Object) -> str:
    """The Job that the controller would make, its pod without the layers; judged as the controller judges."""
    name, place = docsrun["metadata"]["name"], f"--namespace={box.namespace}"
    docsrun["metadata"]["uid"] = "none"
    chosen = controller_settings(box)
    made = job.build(docsrun, chosen)
    del made["metadata"]["ownerReferences"]
    pod = made["spec"]["template"]
    pod["spec"] = layers.opened(pod["spec"], layers.put_code(box.kubectl, box.namespace, layers.code(box.without)))
    box.kubectl.create(made)
    try:
        for _ in wait.rounds(RUN_SECONDS):
            pods = box.kubectl.items("pods", place, f"--selector=batch.kubernetes.io/job-name={name}")
            found = verdict.judge(box.kubectl.get("job", name, place) or {}, pods, [], chosen)
            if found.final:
                left = results.parse(
                    box.kubectl.run("logs", pods[-1]["metadata"]["name"], place, "--container=results")
                )
                if found.reason == "CommandFailed" and left.failure:
                    text = left.failure[1] if "log" in box.without else clean(left.failure[1])
                    return f"{left.failure[0]}: {text}" + _asked(box, name) + _made(left.files)
                return f"{found.reason}: {found.message}" + _asked(box, name) + _made(left.files)
        return f"did not end within {RUN_SECONDS:.0f} s"
    finally:
        box.kubectl.run("delete", "job", name, place, "--wait=false")


def controller_settings(box: Box) -> settings.Settings:
    """The settings of the release's controller, as its Deployment gives them."""
    found = box.kubectl.get("deployment", f"{box.release}-controller", f"--namespace={box.namespace}") or {}
    container = found["spec"]["template"]["spec"]["containers"][0]
    env = {item["name"]: item["value"] for item in container["env"] if "value" in item} | {"NAMESPACE": box.namespace}
    with box.alone, mock.patch.dict(os.environ, env):
        return settings.load()


def _there(box: Box, namespace: str) -> str:
    """What of the attacker's the API server took."""
    found = box.kubectl.run("get", KINDS, f"--namespace={namespace}", "--output=name").split()
    names = [name for name in found if name.rpartition("/")[2].startswith("escape")]
    return f"; there: {', '.join(names)}" if names else ""


def _asked(box: Box, docsrun: str) -> str:
    """Whether the run's pod was seen by the stand-in of the metadata service."""
    place = f"--namespace={box.namespace}"
    pods = box.kubectl.items("pods", place, f"--selector={job.NAME_LABEL}={docsrun}")
    seen = box.metadata_clients()
    return "; it asked the metadata service" if any(pod["status"].get("podIP") in seen for pod in pods) else ""


def _made(files: dict[str, str]) -> str:
    """What the run left that our step did not, and what helm installed in its own words."""
    text = base64.b64decode(files.get("resources.yaml", "")).decode(errors="replace")
    left = ", ".join(sorted(files.keys() - OURS))
    return (f"; left {left}" if left else "") + (f"; made: {json.dumps(text[:KEPT])}" if text else "")
