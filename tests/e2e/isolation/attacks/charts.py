"""Hostile charts, deployed on this machine by our own helm step as the preview's deployer; hostile arguments."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .box import HOLDER, LABELS, SHARED, Box, dump, encoded
from .corpus import Case

REMOVE = """
import sys
from implementation_dag import cleanup, kube
cleanup.delete(kube.client(), sys.argv[1], 120)
"""


def argument(box: Box, case: Case) -> str:
    """Give the parameters to set-params, the others being good; its error."""
    given = {"owner": "acme", "repo": "shop", "pr": "7", "commit": "", "branch": "", "domain": "preview.example.com"}
    given |= {"chartPath": "charts/app", "valuesFile": "values-preview.yaml", "imageTag": "pr-7"}
    given |= {
        name: value if isinstance(value, str) else value["repeat"] * value["times"]
        for name, value in case.given.items()
    }
    outputs = box.folder / case.name
    env = {f"ARG_{name}": encoded(value) for name, value in given.items()}
    env |= {"WORKFLOW": HOLDER, "NAMESPACE": box.namespace}
    code, words = box.step("set-params", env | {"OUTPUTS": str(outputs)})
    return f"exit code {code}, {'names were computed' if outputs.exists() else 'nothing computed'}: {words}"


def chart(box: Box, case: Case) -> str:
    """Deploy the chart into a preview; how that ended, in the step's own words."""
    pr = box.own_preview() if case.options.get("own") else SHARED
    if holder := case.options.get("holder"):
        box.hand_over(pr, holder)
    return _run(box, pr, case, box.filled(case.given, pr))


def pod(box: Box, case: Case) -> str:
    """Deploy a Deployment, or a hook's Job, with the patched pod."""
    pr = box.own_preview() if case.options.get("own") else SHARED
    patch = json.loads(box.filled(json.dumps(case.given), pr))
    template = box.pod("escape", "import time; time.sleep(300)", **patch)
    template = {"metadata": {"labels": {"app": "escape"}}, "spec": template["spec"]}
    metadata: dict[str, Any] = {"name": "escape"}
    if hook := case.options.get("hook"):
        metadata["annotations"] = {"helm.sh/hook": hook}
        template["spec"]["restartPolicy"] = "Never"
        item = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"backoffLimit": 0, "template": template}}
    else:
        item = {"apiVersion": "apps/v1", "kind": "Deployment"}
        item["spec"] = {"selector": {"matchLabels": {"app": "escape"}}, "template": template}
    return _run(box, pr, case, dump(item | {"metadata": metadata}))


def _run(box: Box, pr: int, case: Case, template: str) -> str:
    checkout = box.folder / case.name / "src"
    (checkout / "chart" / "templates").mkdir(parents=True)
    description = {"apiVersion": "v2", "name": "escape", "version": "1.0.0"}
    if case.options.get("dependencies"):
        description["dependencies"] = case.options["dependencies"]
    (checkout / "chart" / "Chart.yaml").write_text(dump(description))
    (checkout / "chart" / "templates" / "escape.yaml").write_text(template)
    values = json.loads(box.filled(json.dumps(case.options.get("values", {})), pr))
    (checkout / "values.yaml").write_text(dump(values))
    env = {"CHECKOUT": str(checkout), "KUBECONFIG": str(box.deployer(pr).kubeconfig), "NS": f"impl-pr-{pr}"}
    env |= {"RELEASE": case.name[:53].strip("-"), "CHART_PATH": "chart", "VALUES_FILE": "values.yaml", "SET": "{}"}
    env |= {"SET_JSON": "{}", "LABELS": LABELS, "HELM_TIMEOUT": "30s", "POD_GRACE_SECONDS": "10", "HEALTH_PATH": "/"}
    env |= {"HEALTH_TIMEOUT_SECONDS": "5", "ALLOW_NO_ENDPOINT": "true"}
    words = _step(box, "helm-deploy", env, checkout.parent / "deploy")
    if case.options.get("hook") == "post-delete":
        assert words.startswith("Succeeded"), words
        words = _step(box, "helm-uninstall", env, checkout.parent / "uninstall")
        # The end that counts: the namespace goes all the same.
        provisioner = {"KUBECONFIG": str(box.acting(f"{box.release}-provisioner").kubeconfig)}
        code, gone = box.step(["-c", REMOVE, f"impl-pr-{pr}"], provisioner, 180)
        assert code == 0, gone
    return words


def _step(box: Box, subcommand: str, env: dict[str, str], results: Path) -> str:
    results.mkdir()
    code, words = box.step(subcommand, env | {"RESULTS": str(results), "TMPDIR": os.fspath(results)}, 300)
    failure = results / "failure.json"
    if failure.exists():
        found = json.loads(failure.read_text())
        return f"{found['reason']}: {found['message']}"
    return f"{'Succeeded' if code == 0 else f'exit code {code}'}: {words[-2000:]}"
