"""A renewed Secret is used by what runs next: no restart, no leftover of the old value."""

from __future__ import annotations

import base64
import json

from lightkube import Client, KubeConfig

from implementation_dag.contract import run
from implementation_dag.steps import provision
from scripts.lab.kubectl import Kubectl

from .conftest import NAMESPACE, RELEASE, apply

PREVIEW = "impl-isolation-pr-1"
THIS = run.Run("acme", "isolation", "1", "isolation", "uid", NAMESPACE, RELEASE)


def pull_secret(password: str) -> dict[str, object]:
    login = {"auths": {"registry.example.com": {"username": "robot", "password": password}}}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "registry", "namespace": NAMESPACE},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(json.dumps(login).encode()).decode()},
    }


def as_provisioner(kubectl: Kubectl) -> Client:
    """A client of the runtime with a token of the provisioner, bound and short-lived as in its pod."""
    token = kubectl.run(
        "create", "token", f"{RELEASE}-provisioner", f"--namespace={NAMESPACE}", "--duration=10m"
    ).strip()
    config = json.loads(kubectl.run("config", "view", "--raw", "--minify", "--output=json"))
    config["users"][0]["user"] = {"token": token}
    return Client(config=KubeConfig.from_dict(config).get(), field_manager="implementation-dag")


def password_in_preview(kubectl: Kubectl) -> str:
    found = kubectl.get("secret", "registry", f"--namespace={PREVIEW}")
    assert found
    login = json.loads(base64.b64decode(found["data"][".dockerconfigjson"]))
    text: str = login["auths"]["registry.example.com"]["password"]
    return text


def test_the_next_run_copies_the_renewed_pull_secret(kubectl: Kubectl, previews: None) -> None:
    client = as_provisioner(kubectl)
    for password in ("first", "second"):
        apply(kubectl, "administrator", [pull_secret(password)])
        provision.copy_pull_secret(client, "registry", PREVIEW, THIS)
        assert password_in_preview(kubectl) == password
