"""Previews seen from outside the pipeline: what their URLs answer, their namespaces, what they run."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from idag.toolchain import tool
from implementation_dag.contract import labels
from implementation_dag.pull_requests import objects
from scripts.lab.errors import LabError
from scripts.lab.stand.environment import RELEASE_NAMESPACE, Environment
from scripts.lab.stand.repository import OWNER, REPO
from scripts.lab.stand.workflow import RUN_PREFIXES

SECONDS = 15.0
PREVIEWS = f"{objects.PLURAL}.{labels.GROUP}"
SHOWN_CHARACTERS = 600


@dataclass(frozen=True)
class Observation:
    """What one URL answered: `status` is HTTP's, None when nothing came; `text` the body's start or the fault.

    `headers` are those of the answer, found by any case of their names when it came over HTTP.
    """

    url: str
    status: int | None
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The answer as a JSON object, empty when it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def observe(environment: Environment, url: str) -> Observation:
    """Fetch `url` from this machine, through the ingress, with TLS verified."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = trusted(environment)
    headers, extensions, target = {"Accept": "application/json"}, {}, url
    if environment.ingress_address:
        # The wildcard name is known in the cluster only: go to the ingress, ask it for the name.
        target = f"{parts.scheme}://{environment.ingress_address}{parts.path or '/'}"
        headers["Host"], extensions = host, {"sni_hostname": host}
    try:
        with httpx2.Client(verify=context, timeout=SECONDS, trust_env=False) as client:
            answer = client.get(target, headers=headers, extensions=extensions)
    except httpx2.HTTPError as error:
        return Observation(url, None, f"{type(error).__name__}: {error}")
    return Observation(url, answer.status_code, answer.text[:SHOWN_CHARACTERS], answer.headers)


def trusted(environment: Environment) -> ssl.SSLContext:
    """What verifies the ingress from this machine."""
    return ssl.create_default_context(cafile=str(environment.ca) if environment.ca else None)


def namespace(environment: Environment, pr: int) -> dict[str, Any] | None:
    """The preview's Namespace, None when there is none (or it is on its way out). Raises LabError."""
    return environment.kubectl.get("namespace", f"impl-pr-{pr}")


def running_images(environment: Environment, pr: int) -> list[str]:
    """Images named by the preview's Deployments. Raises LabError."""
    deployments = environment.kubectl.items("deployments", f"--namespace=impl-pr-{pr}")
    return [
        str(container["image"])
        for deployment in deployments
        for container in deployment["spec"]["template"]["spec"]["containers"]
    ]


def image_revision(environment: Environment, reference: str) -> str:
    """The label org.opencontainers.image.revision of an image in the registry. Raises LabError."""
    config = json.loads(_crane(environment, "config", reference))
    return str((config.get("config", {}).get("Labels") or {}).get("org.opencontainers.image.revision", ""))


def _crane(environment: Environment, *arguments: str) -> str:
    env = {"SSL_CERT_FILE": str(environment.ca)} if environment.ca else {}
    command = [str(tool("crane")), *arguments]
    done = subprocess.run(command, env=_with_home(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"crane {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def _with_home(extra: dict[str, str]) -> dict[str, str]:
    """The environment of crane: the user's registry logins, no proxy to the cluster's own registry."""
    kept = {key: os.environ[key] for key in ("HOME", "PATH", "DOCKER_CONFIG") if key in os.environ}
    return {**kept, **extra}


def made_by_demo(namespace: dict[str, Any]) -> bool:
    """Whether the namespace is the preview of a demo's run; on a user's cluster there may be others."""
    given, annotations = (namespace["metadata"].get(key) or {} for key in ("labels", "annotations"))
    wanted = {labels.OWNER_OF_PREVIEW: OWNER, labels.REPO_OF_PREVIEW: REPO}
    return (
        given.get(labels.MANAGED_BY) == labels.MANAGER
        and str(given.get(labels.WORKFLOW, "")).startswith(RUN_PREFIXES)
        and wanted.items() <= annotations.items()
    )


def remove(environment: Environment, pr: int) -> None:
    """Delete the preview's namespace if a demo's run made it, and wait until it is gone. Raises LabError."""
    found = namespace(environment, pr)
    if found and made_by_demo(found):
        environment.kubectl.run("delete", "namespace", f"impl-pr-{pr}", "--ignore-not-found", "--timeout=120s")


def remove_all(environment: Environment) -> None:
    """Delete every preview that a demo's run made, and wait until they are gone. Raises LabError."""
    environment.kubectl.run("delete", PREVIEWS, "--all", f"--namespace={RELEASE_NAMESPACE}")
    for item in environment.kubectl.items("namespaces", "--selector=managed-by=implementation-dag,preview=true"):
        if made_by_demo(item):
            environment.kubectl.run("delete", "namespace", item["metadata"]["name"], "--timeout=180s")
