"""Hostile parameters, given to the real step set-params in a pod of its own template."""

from __future__ import annotations

import json

from scripts.lab.stand.repository import OWNER

from . import layers
from .box import HOLDER, Box, encoded
from .corpus import Case
from .pipeline import push

REPO, PR, POD = "isolation-arguments", 7, "isolation-set-params"
# Runs set-params with the environment of its standard input; prints exit code, output parameters and words as JSON.
LAUNCH = """
import json, os, pathlib, subprocess, sys
given = json.load(sys.stdin)
here = pathlib.Path("/tmp") / given["name"]
here.mkdir(exist_ok=True)
(here / "sitecustomize.py").write_text(given["code"])
env = os.environ | given["env"] | {"OUTPUTS": str(here / "outputs")}
env["PYTHONPATH"] = f"{here}:{env['PYTHONPATH']}"
done = subprocess.run(["python3", "-m", "implementation_dag", "set-params"], env=env, capture_output=True, text=True)
names = {path.name: path.read_text() for path in (here / "outputs").glob("*")}
print(json.dumps([done.returncode, names, done.stdout + done.stderr]))
"""


def start(box: Box) -> None:
    """The pod, and a pull request with which good parameters pass; otherwise a refusal would prove nothing."""
    push(box, REPO, {"README.md": "Hostile parameters\n"}, "feature")
    box.session.host.reserve(OWNER, REPO, PR)
    number = box.session.host.open_pull_request(OWNER, REPO, "feature")
    assert number == PR, f"the pull request is {number}, {PR} is what the cases name"
    found = box.kubectl.get("workflowtemplate", box.release, f"--namespace={box.namespace}") or {}
    (step,) = [item for item in found["spec"]["templates"] if item["name"] == "set-params"]
    env = [item for item in step["container"]["env"] if "{{" not in item.get("value", "")]
    idle = {"name": "main", "env": env, "command": ["sleep", "3600"], "args": []}
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": step["securityContext"],
        "volumes": step["volumes"],
        "containers": [step["container"] | idle],
    }
    place = f"--namespace={box.namespace}"
    box.kubectl.run("delete", "pod", POD, place, "--ignore-not-found")
    metadata = {"name": POD, "namespace": box.namespace, "labels": step["metadata"]["labels"] | layers.MARK}
    box.kubectl.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    box.kubectl.run("wait", "--for=condition=Ready", f"pod/{POD}", place, "--timeout=120s")
    words = run(box, "good", {})
    assert words.startswith("exit code 0, names were computed"), f"good parameters are refused: {words}"


def argument(box: Box, case: Case) -> str:
    """Give the parameters to set-params, the others being good; its error."""
    given = {
        name: value if isinstance(value, str) else value["repeat"] * value["times"]
        for name, value in case.given.items()
    }
    return run(box, case.name, given)


def run(box: Box, name: str, given: dict[str, str]) -> str:
    """Run set-params in its pod; exit code, output parameters and words."""
    good = {"owner": OWNER, "repo": REPO, "pr": str(PR), "commit": "", "branch": "", "domain": "preview.example.com"}
    good |= {"chartPath": "charts/app", "valuesFile": "values-preview.yaml", "imageTag": "pr-7"}
    good |= {"min_success_pct": "0.95", "max_p95_ms": "1200", "requests_per_host": "10"}
    env = {f"ARG_{key}": encoded(value) for key, value in (good | given).items()}
    env |= {"WORKFLOW": HOLDER, "NAMESPACE": box.namespace}
    document = {"name": name, "env": env, "code": layers.code(box.without)}
    command = ("exec", "--stdin", POD, f"--namespace={box.namespace}", "--", "python3", "-c", LAUNCH)
    found: tuple[int, dict[str, str], str] = json.loads(box.kubectl.run(*command, stdin=json.dumps(document)))
    status, names, words = found
    said = f"names were computed from {json.dumps(given)[:90]}: {json.dumps(names)}" if names else "nothing computed"
    return f"exit code {status}, {said}: {words}"
