"""Hostile parameters, given to the provisioner's own work for set-params, in a pod as its own."""

from __future__ import annotations

import json

from scripts.lab.stand.repository import OWNER

from . import layers
from .box import HOLDER, Box
from .corpus import Case
from .pipeline import push

REPO, PR, POD = "isolation-arguments", 7, "isolation-set-params"
# What the provisioner does for set-params, with the arguments of GIVEN.
WORK = """
import json, os, pathlib, sys
from implementation_dag.base.errors import StepError
from implementation_dag.contract import arguments
from implementation_dag.provisioner import settings
from implementation_dag.steps import set_params
told = settings.load()
try:
    given = arguments.complete(json.loads(os.environ["GIVEN"]))
    names = set_params.parameters(given, told.steps, os.environ["WORKFLOW"], told.namespace)
except StepError as error:
    sys.exit(f"error: {error}")
pathlib.Path(os.environ["OUTPUTS"]).write_text(json.dumps(names))
"""
# Runs it with the environment of its standard input; prints exit code, output parameters and words as JSON.
LAUNCH = """
import json, os, pathlib, subprocess, sys
given = json.load(sys.stdin)
here = pathlib.Path("/tmp") / given["name"]
here.mkdir(exist_ok=True)
(here / "sitecustomize.py").write_text(given["code"])
env = os.environ | given["env"] | {"OUTPUTS": str(here / "outputs")}
env["PYTHONPATH"] = f"{here}:{env['PYTHONPATH']}"
done = subprocess.run(["python3", "-c", given["work"]], env=env, capture_output=True, text=True)
names = json.loads((here / "outputs").read_text()) if (here / "outputs").exists() else {}
print(json.dumps([done.returncode, names, done.stdout + done.stderr]))
"""


def start(box: Box) -> None:
    """The pod, and a pull request with which good parameters pass; otherwise a refusal would prove nothing."""
    push(box, REPO, {"README.md": "Hostile parameters\n"}, "feature")
    box.session.host.reserve(OWNER, REPO, PR)
    number = box.session.host.open_pull_request(OWNER, REPO, "feature")
    assert number == PR, f"the pull request is {number}, {PR} is what the cases name"
    pod = box.provisioner
    (container,) = pod["spec"]["containers"]
    probes = ("startupProbe", "livenessProbe", "readinessProbe", "ports")
    kept = {key: value for key, value in container.items() if key not in probes}
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": pod["spec"]["securityContext"],
        "volumes": pod["spec"]["volumes"],
        "containers": [kept | {"command": ["sleep", "3600"], "args": []}],
    }
    place = f"--namespace={box.namespace}"
    box.kubectl.run("delete", "pod", POD, place, "--ignore-not-found")
    metadata = {"name": POD, "namespace": box.namespace, "labels": pod["metadata"]["labels"] | layers.MARK}
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
    env = {"GIVEN": json.dumps(good | given), "WORKFLOW": HOLDER}
    document = {"name": name, "env": env, "code": layers.code(box.without), "work": WORK}
    command = ("exec", "--stdin", POD, f"--namespace={box.namespace}", "--", "python3", "-c", LAUNCH)
    found: tuple[int, dict[str, str], str] = json.loads(box.kubectl.run(*command, stdin=json.dumps(document)))
    status, names, words = found
    said = f"names were computed from {json.dumps(given)[:90]}: {json.dumps(names)}" if names else "nothing computed"
    return f"exit code {status}, {said}: {words}"
