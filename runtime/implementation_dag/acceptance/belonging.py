"""Whether the preview is this run's own while it is tested: looked at before and after, kept as preview.json."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from implementation_dag.base import kube
from implementation_dag.base.errors import StepError
from implementation_dag.contract import names
from implementation_dag.preview import preview_look

FILE = "preview.json"


def tested(namespace: str, out: Path, test: Callable[[], int]) -> int:
    """Run `test` on the preview and return what it returns.

    Raises StepError when the preview is not the run WORKFLOW's, or runs IMAGE with another digest than DIGESTS, before
    or after: then what was tested is something else.
    """
    env, client = os.environ, kube.client()
    workflow, image, digests = names.label_value(env["WORKFLOW"]), env["IMAGE"], env["DIGESTS"].split()
    looks = {"before": preview_look.settled(client, namespace, workflow, image, digests)}
    code = test()
    looks["after"] = preview_look.look(client, namespace)
    document = {moment: look.document() for moment, look in looks.items()}
    (out / FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if words := preview_look.fault(looks["after"], workflow, image, digests):
        raise StepError(f"after the test {words}")
    return code
