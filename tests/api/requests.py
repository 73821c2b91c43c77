"""Requests to an API server without kubectl's start each time, as an identity that is impersonated."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

from scripts.lab.kubectl import Kubectl

DRY_RUN = {"dryRun": "All", "fieldValidation": "Strict"}


class Server:
    """The API server of a kubeconfig, asked with dry runs: nothing is ever written."""

    def __init__(self, kubectl: Kubectl) -> None:
        config = json.loads(kubectl.run("config", "view", "--raw", "--minify", "--flatten", "--output=json"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        context = ssl.create_default_context(cadata=_text(cluster["certificate-authority-data"]))
        if "client-certificate-data" in user:
            with tempfile.TemporaryDirectory() as folder:
                pair = [Path(folder) / name for name in ("certificate", "key")]
                for path, data in zip(pair, ("client-certificate-data", "client-key-data"), strict=True):
                    path.touch(mode=0o600)
                    path.write_text(_text(user[data]))
                certificate, key = pair
                context.load_cert_chain(certificate, key)
        self._client = httpx2.Client(
            base_url=cluster["server"], headers=headers, verify=context, trust_env=False, timeout=30
        )
        self._resources = self._discovered()

    def create(self, user: str, manifest: dict[str, Any]) -> str:
        """Why the object, or one of a List, may not be created; empty when it may."""
        if manifest["kind"] == "List":
            return "\n".join(filter(None, (self.create(user, item) for item in manifest["items"])))
        api, resource = self._resources[manifest["kind"].lower()]
        api = "api/v1" if manifest["apiVersion"] == "v1" else f"apis/{manifest['apiVersion']}"
        path = f"/{api}/{_place(manifest.get('metadata', {}))}{resource}"
        return self._refusal("POST", path, user, DRY_RUN, manifest, "application/json")

    def patch(self, user: str, target: dict[str, str], patch: dict[str, Any]) -> str:
        """Why the object may not be changed."""
        return self._refusal("PATCH", self._path(target), user, DRY_RUN, patch, "application/merge-patch+json")

    def delete(self, user: str, target: dict[str, str], grace: int | None) -> str:
        """Why the object may not be deleted, within `grace` seconds if they are given."""
        query = {"dryRun": "All"} | ({} if grace is None else {"gracePeriodSeconds": str(grace)})
        return self._refusal("DELETE", self._path(target), user, query, None, "application/json")

    def definitions(self) -> dict[str, Any]:
        """Schemas of all that the server serves, by their names."""
        found: dict[str, Any] = self._get("/openapi/v2")["definitions"]
        return found

    def _path(self, target: dict[str, str]) -> str:
        api, resource = self._resources[target["kind"]]
        below = f"/{target['subresource']}" if "subresource" in target else ""
        return f"/{api}/{_place(target)}{resource}/{target['name']}{below}"

    def _refusal(
        self, method: str, path: str, user: str, query: dict[str, str], body: dict[str, Any] | None, kind: str
    ) -> str:
        headers = {"Impersonate-User": user, "Impersonate-Group": "system:masters", "Content-Type": kind}
        content = None if body is None else json.dumps(body)
        answer = self._client.request(method, path, params=query, content=content, headers=headers)
        return "" if answer.is_success else str(answer.json()["message"])

    def _discovered(self) -> dict[str, tuple[str, str]]:
        groups = [group["preferredVersion"]["groupVersion"] for group in self._get("/apis")["groups"]]
        found: dict[str, tuple[str, str]] = {}
        for api in ("api/v1", *(f"apis/{version}" for version in groups)):
            for item in self._get(f"/{api}")["resources"]:
                if "/" not in item["name"]:
                    found.setdefault(item["kind"].lower(), (api, item["name"]))
        return found

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._client.get(path)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@cache
def server(kubectl: Kubectl) -> Server:
    """The server of `kubectl`, discovered once; its custom resources must be there by then."""
    return Server(kubectl)


def _place(metadata: dict[str, Any]) -> str:
    return f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""


def _text(data: str) -> str:
    return base64.b64decode(data).decode()
