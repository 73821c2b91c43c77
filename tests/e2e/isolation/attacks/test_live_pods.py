"""The pods that really ran: whatever runs a pull request's code holds no credential, whichever way it came to be."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from idag.lint.credentials import held
from scripts.lab.kubectl import Kubectl

from . import pipeline
from .box import SHARED, Box

OWN_IMAGES = ("/implementation-dag/runtime", "/argoexec")
TEST = "def test_good():\n    print('worked')\n"


@contextmanager
def watched(kubectl: Kubectl, namespace: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Every pod of the namespace that is there or comes meanwhile, in its last state, by name."""
    found: dict[str, dict[str, Any]] = {}
    command = kubectl.command("get", "pods", f"--namespace={namespace}", "--watch", "--output=json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def read() -> None:
            text, decoder = "", json.JSONDecoder()
            for line in process.stdout or ():
                text += line
                try:
                    item, _ = decoder.raw_decode(text)
                except ValueError:
                    continue
                text = ""
                found[item["metadata"]["name"]] = item

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield found
        finally:
            process.terminate()
            reader.join()


def credentials(pod: dict[str, Any]) -> list[str]:
    """Whatever any container of the pod holds."""
    volumes = {item["name"]: item for item in pod["spec"].get("volumes", [])}
    containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    return [f"{item['name']}: {words}" for item in containers for words in held(item, volumes)]


def test_a_pod_with_any_image_but_ours_holds_no_credential(prepared_box: Box) -> None:
    commit, _ = pipeline.push(prepared_box, "live-pods", {"tests/test_good.py": TEST}, "feature")
    given = {"github-app": "rex", "commit": commit, "branch": "feature"}
    arguments = {"parameters": [{"name": name, "value": value} for name, value in given.items()]}
    ref = {"name": "coderun-template", "template": "coderun-main"}
    run = {"owner": pipeline.OWNER, "repo": "live-pods", "pr": str(SHARED)}
    with watched(prepared_box.kubectl, prepared_box.namespace) as pods:
        pipeline.run_template(prepared_box, run, ref, arguments)
    foreign = {
        name: pod
        for name, pod in pods.items()
        if not all(any(own in item["image"] for own in OWN_IMAGES) for item in pod["spec"]["containers"])
    }
    boxes = [name for name in foreign if "-rex-" in name]
    assert boxes, f"no box among {sorted(pods)}"
    assert not [words for pod in foreign.values() for words in credentials(pod)]
    # The check finds what is there: the step that pushes holds the git token.
    assert any("Secret" in words for pod in pods.values() for words in credentials(pod))
