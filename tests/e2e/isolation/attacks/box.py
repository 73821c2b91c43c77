"""What an attack has at hand: previews with their fences, the pipeline's identities, its steps run as themselves."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from idag.toolchain import bin_folder
from implementation_dag.contract import labels, names
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import release
from scripts.lab.stand.session import Session

from . import layers
from .corpus import Case

ROOT = Path(__file__).parents[4]
REPO = "shop"
# Pull requests of the attacks; their previews are removed at the end.
SHARED, NEIGHBOUR, WIDE, FIRST_OWN = 900, 901, 902, 903
PREVIEWS = "impl-pr-9"
METADATA_LOG = "metadata.log"
# As the deploy step gives them to helm.
HOLDER = "isolation"
LABELS = json.dumps({"managed-by": "implementation-dag", "preview": "true", "workflow": HOLDER})
PROVISION = """
import os
from implementation_dag.base import kube
from implementation_dag.contract import run, settings
from implementation_dag.steps import provision
told, env = settings.load(settings.OfProvisioner), os.environ
provision.provision(kube.client(), run.from_environment(), told, env["OBJECTS"], env["NS"], env["HOST"])
"""


@dataclass
class Box:
    """`folder` is scratch space on this machine; `namespace` and `release` are the pipeline's own."""

    session: Session
    folder: Path
    namespace: str
    release: str
    # Layers that are taken out, to show that it was they that refused.
    without: frozenset[str] = frozenset()
    # Previews that this attack alone was given.
    own: list[int] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST_OWN))
    alone: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kubectl(self) -> Kubectl:
        """kubectl as the cluster's administrator."""
        return self.session.environment.kubectl

    @property
    def image(self) -> str:
        """Our runtime's image: it has Python, and the nodes have it."""
        found = self.kubectl.get("deployment", f"{self.release}-controller", f"--namespace={self.namespace}") or {}
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    def host(self, pr: int) -> str:
        """The host of a preview."""
        return f"{names.release(REPO, str(pr))}.{self.session.environment.domain}"

    def filled(self, text: str, pr: int = SHARED) -> str:
        """`text` with the names of this installation and of preview `pr`."""
        names = {
            "RELEASE": self.release,
            "NAMESPACE": self.namespace,
            "HOST": self.host(pr),
            "PREVIEW": f"impl-pr-{pr}",
        }
        for name, value in names.items():
            text = text.replace(name, value)
        return text

    def acting(self, account: str) -> Kubectl:
        """kubectl with the bound, short-lived token of one of the pipeline's service accounts."""
        path = self.folder / f"{account}.kubeconfig"
        with self.alone:
            if not path.exists():
                token = self.kubectl.run("create", "token", account, f"--namespace={self.namespace}", "--duration=1h")
                config = json.loads(self.kubectl.run("config", "view", "--raw", "--minify", "--output=json"))
                config["users"] = [{"name": account, "user": {"token": token.strip()}}]
                context = {"cluster": config["clusters"][0]["name"], "user": account}
                config |= {"contexts": [{"name": account, "context": context}], "current-context": account}
                path.touch(mode=0o600)
                path.write_text(json.dumps(config))
        return Kubectl(path)

    def deployer(self, pr: int) -> Kubectl:
        """kubectl as the one identity that may deploy into preview `pr`."""
        return self.acting(f"{self.release}-deployer.impl-pr-{pr}")

    @property
    def hands(self) -> layers.Hands:
        """Who takes layers out."""
        return layers.Hands(self.kubectl, self.release, self.namespace, self.alone)

    @cached_property
    def templates(self) -> list[dict[str, Any]]:
        """The templates of the installed pipeline."""
        found = self.kubectl.get("workflowtemplate", self.release, f"--namespace={self.namespace}") or {}
        return list(found["spec"]["templates"])

    @cached_property
    def provisioner(self) -> dict[str, Any]:
        """The pod of the provisioner, which carries the fences of previews."""
        found = self.kubectl.get("deployment", f"{self.release}-provisioner", f"--namespace={self.namespace}") or {}
        return dict(found["spec"]["template"])

    @property
    def fences(self) -> str:
        """What the provisioner puts into each preview; the kubelet reads $$ as $."""
        (container,) = self.provisioner["spec"]["containers"]
        (text,) = [item["value"] for item in container["env"] if item["name"] == "OBJECTS"]
        return str(text).replace("$$", "$")

    def settings(self) -> str:
        """SETTINGS of all steps together, as they read it; the kubelet reads $$ as $."""
        steps = [item.get("container", {}).get("env", []) for item in self.templates]
        steps += [container["env"] for container in self.provisioner["spec"]["containers"]]
        texts = [item["value"].replace("$$", "$") for env in steps for item in env if item["name"] == "SETTINGS"]
        return json.dumps({name: section for text in texts for name, section in yaml.safe_load(text).items()})

    def step(self, subcommand: str | list[str], env: dict[str, str], limit: float = 120) -> tuple[int, str]:
        """Run a step of the pipeline on this machine, in a clean environment; its exit code and all it printed."""
        command = ["-m", "implementation_dag", subcommand] if isinstance(subcommand, str) else subcommand
        own = {"PATH": f"{bin_folder()}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "runtime")}
        own |= {"SETTINGS": self.settings(), "INSTALLATION": self.release}
        done = subprocess.run(
            [sys.executable, *command], env=own | env, capture_output=True, text=True, timeout=limit, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def provision(self, pr: int) -> int:
        """Make preview `pr` by the pipeline's own step and identity."""
        run = {"OWNER": encoded("acme"), "REPO": encoded(REPO), "PR": encoded(str(pr))}
        run |= {"WORKFLOW": HOLDER, "WORKFLOW_UID": HOLDER}
        run |= {"NAMESPACE": self.namespace, "NS": f"impl-pr-{pr}", "HOST": self.host(pr)}
        run["KUBECONFIG"] = str(self.acting(f"{self.release}-provisioner").kubeconfig)
        run["OBJECTS"] = self.fences
        code, words = self.step(["-c", PROVISION], run)
        assert code == 0, f"preview {pr} could not be made: {words}"
        # There is no such Workflow, so without the mark the reaper takes the preview away.
        self.kubectl.run("annotate", "namespace", f"impl-pr-{pr}", f"{labels.KEPT}={HOLDER}", "--overwrite")
        return pr

    def own_preview(self) -> int:
        """A preview for one attack alone."""
        pr = self.provision(next(self._numbers))
        self.own.append(pr)
        layers.open_preview(self.hands, f"impl-pr-{pr}", f"{self.release}-deployer.impl-pr-{pr}", self.without)
        return pr

    def preview(self, case: Case) -> int:
        """The preview that the case attacks from: one of its own if it asks for it, or if something is taken out."""
        return self.own_preview() if case.options.get("own") or self.without else SHARED

    def metadata_clients(self) -> set[str]:
        """Addresses that the stand-in of the metadata service has seen."""
        log = self.folder / METADATA_LOG
        return set(log.read_text().split()) if log.exists() else set()

    def hand_over(self, pr: int, workflow: str) -> None:
        """Let another run hold preview `pr`, as a newer one of the same pull request does when it provisions."""
        self.kubectl.run("label", "namespace", f"impl-pr-{pr}", f"workflow={workflow}", "--overwrite")

    def remove_previews(self, *flags: str) -> None:
        """Delete every preview of attacks, also those of a run that was killed."""
        found = [item["metadata"]["name"] for item in self.kubectl.items("namespaces")]
        if names := [name for name in found if name.startswith(PREVIEWS)]:
            self.kubectl.run("delete", "namespace", *names, *flags)

    def pod(self, name: str, program: str, **spec: Any) -> dict[str, Any]:
        """A well-behaved pod that runs `program` (Python); `spec` goes over it."""
        container = {
            "name": "app",
            "image": self.image,
            "command": ["python3", "-u", "-c", program],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
        base = {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        }
        metadata = {"name": name, "labels": {"app": name}}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": merged(base, spec)}


def encoded(text: str) -> str:
    """`text` as Argo hands over what somebody chose."""
    return base64.b64encode(text.encode()).decode()


def merged(base: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """`base` with `patch` over it; lists of named things are merged by name."""
    result = dict(base)
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif isinstance(value, list) and isinstance(result.get(key), list) and all("name" in item for item in value):
            named = {item["name"]: item for item in result[key]}
            result[key] = list((named | {v["name"]: merged(named.get(v["name"], {}), v) for v in value}).values())
        else:
            result[key] = value
    return result


def dump(document: Any) -> str:
    """YAML of a document."""
    return yaml.safe_dump(document, sort_keys=False)


def of(session: Session, folder: Path) -> Box:
    """The box of a prepared session."""
    return Box(session, folder, release.RELEASE_NAMESPACE, release.RELEASE)
