"""Hostile charts, deployed by a real DocsRun from a repository, as the preview's deployer."""

from __future__ import annotations

import json
from typing import Any

from implementation_dag.base import wait

from . import docsruns
from .box import SHARED, Box, dump
from .corpus import Case
from .pipeline import push

GONE_SECONDS = 120.0


def chart(box: Box, case: Case) -> str:
    """Deploy the chart into a preview; how that ended, in the DocsRun's own words."""
    pr = box.preview(case)
    if holder := case.options.get("holder"):
        box.hand_over(pr, holder)
    return _run(box, pr, case, box.filled(case.given, pr))


def pod(box: Box, case: Case) -> str:
    """Deploy a Deployment, or a hook's Job, with the patched pod."""
    pr = box.preview(case)
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
    beside = box.filled(case.options.get("beside", "# nothing else\n"), pr)
    return _run(box, pr, case, dump(item | {"metadata": metadata}) + "---\n" + beside)


def docsrun(box: Box, case: Case) -> str:
    """Deploy the repository of these files; how that ended."""
    plain = {"chart/Chart.yaml": "apiVersion: v2\nname: escape\nversion: 1.0.0\n", "values.yaml": "{}\n"}
    pr = box.preview(case)
    files = json.loads(box.filled(json.dumps(plain | {"chart/templates/x.yaml": "# nothing\n"} | case.given), pr))
    return _deploy(box, pr, case, files)


def _deploy(box: Box, pr: int, case: Case, files: dict[str, Any]) -> str:
    words = docsruns.helm(box, case.name, pr, case.options, push(box, case.name, files)[0])
    if pr == SHARED:
        # The preview's quota counts helm's records: those of thirty attacks fill it.
        record = f"--selector=owner=helm,name={docsruns.release(case.name)}"
        box.kubectl.run("delete", "secret", record, f"--namespace=impl-pr-{pr}")
    return words


def _run(box: Box, pr: int, case: Case, template: str) -> str:
    description = {"apiVersion": "v2", "name": "escape", "version": "1.0.0"}
    if case.options.get("dependencies"):
        description["dependencies"] = case.options["dependencies"]
    values = json.loads(box.filled(json.dumps(case.options.get("values", {})), pr))
    files = {
        "chart/Chart.yaml": dump(description),
        "chart/templates/escape.yaml": template,
        "values.yaml": dump(values),
    }
    words = _deploy(box, pr, case, files)
    if case.options.get("hook") == "post-delete":
        assert words.startswith("Completed"), words
        words = docsruns.helm(box, case.name, pr, {})
        # The end that counts: the namespace goes all the same.
        box.acting(f"{box.release}-provisioner").run("delete", "namespace", f"impl-pr-{pr}", "--wait=false")
        gone = wait.until(lambda: box.kubectl.get("namespace", f"impl-pr-{pr}") is None, GONE_SECONDS)
        assert gone, f"the preview is still there after {GONE_SECONDS:.0f} s; {words}"
    return words
