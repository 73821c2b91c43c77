"""The Job of a DocsRun: fetch the source, run the command, print what it left behind."""

from __future__ import annotations

import re
from typing import Any

from implementation_dag.base import proxy, restricted
from implementation_dag.contract import labels

from .settings import Settings

NAME_LABEL = "taskmaster.io/docsrun"
TRUST_FOLDER = "/etc/ssl/idag"
CREDENTIALS_FOLDER = "/var/run/secrets/implementation-dag/git"
# After the command ended the sidecar still has to print the results.
GRACE_SECONDS = 30
_UNITS = {"h": 3600, "m": 60, "s": 1}

Object = dict[str, Any]


def seconds(duration: str) -> int:
    """Return the seconds of a Go duration made of h, m and s. Raises ValueError."""
    if not re.fullmatch(r"([0-9]+[hms])+", duration):
        raise ValueError(f"{duration!r} is no duration such as 15m")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([hms])", duration))


def build(docsrun: Object, settings: Settings) -> Object:
    """Return the Job; its name is the DocsRun's, so that there can be only one."""
    metadata, spec, pods = docsrun["metadata"], docsrun["spec"], settings.docsrun_pods
    inherited = labels.inherited(metadata.get("labels", {}))
    own = inherited | {
        labels.MANAGED_BY: labels.MANAGER,
        NAME_LABEL: metadata["name"],
        labels.FENCED: settings.release,
        "app.kubernetes.io/component": "docsrun",
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": own,
            "ownerReferences": [owner(docsrun)],
        },
        "spec": {
            "backoffLimit": 0,
            "template": {
                # What is ours wins, whatever was given.
                "metadata": {"labels": pods.labels | own, "annotations": pods.annotations},
                "spec": pods.placement | _pod(spec, settings),
            },
        },
    }


def owner(docsrun: Object) -> Object:
    """Return the owner reference to the DocsRun."""
    metadata = docsrun["metadata"]
    return {
        "apiVersion": "taskmaster.io/v1",
        "kind": "DocsRun",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }


def _pod(spec: Object, settings: Settings) -> Object:
    trust = settings.trust_configmap
    # What fetches goes out by the proxy.
    fetching = [{"name": proxy.VARIABLE, "value": settings.proxy}] if settings.proxy else []
    trust_env = [
        {"name": name, "value": f"{TRUST_FOLDER}/ca-bundle.crt"}
        for name in ("SSL_CERT_FILE", "GIT_SSL_CAINFO")
        if trust
    ]
    work = [{"name": "work", "mountPath": "/work"}]
    results = [{"name": "results", "mountPath": "/results"}]
    trusted = [{"name": "trust", "mountPath": TRUST_FOLDER, "readOnly": True}] if trust else []
    volumes: list[Object] = [
        {"name": "work", "emptyDir": {"sizeLimit": "512Mi"}},
        {"name": "results", "emptyDir": {"sizeLimit": "16Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
        {"name": "fetch-tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "token", "projected": _token()},
    ]
    if trust:
        volumes.append({"name": "trust", "configMap": {"name": trust}})
    # A native sidecar: it is told to stop when the command has ended, however it ended.
    first = [_own("results", settings, results) | {"restartPolicy": "Always"}]
    if source := spec.get("source"):
        mounts = work + trusted + [{"name": "fetch-tmp", "mountPath": "/tmp"}]  # noqa: S108 -- an emptyDir
        if secret := source.get("credentialsSecret"):
            volumes.append({"name": "credentials", "secret": {"secretName": secret, "defaultMode": 0o440}})
            mounts.append({"name": "credentials", "mountPath": CREDENTIALS_FOLDER, "readOnly": True})
        env = [{"name": "SOURCE_URL", "value": source["url"]}, {"name": "SOURCE_COMMIT", "value": source["commit"]}]
        first.append(_own("fetch", settings, mounts) | {"env": env + trust_env + fetching})
    command: Object = {
        "name": "run",
        "image": spec["image"],
        "imagePullPolicy": settings.pull_policy,
        "command": spec["command"],
        "args": spec.get("args", []),
        "env": spec.get("env", []) + trust_env + fetching,
        "resources": _resources(spec.get("resources") or {}, settings.resources),
        "securityContext": restricted.container(),
        "volumeMounts": [
            *work,
            *results,
            *trusted,
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- an emptyDir
            {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
        ],
    }
    return {
        "restartPolicy": "Never",
        # The pod's own limit, not the Job's: a Job past its limit deletes the pod, and its last words with it.
        "activeDeadlineSeconds": seconds(spec.get("timeout") or settings.default_timeout),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "serviceAccountName": spec["serviceAccountName"],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": restricted.pod(settings.ids),
        "initContainers": first,
        "containers": [command],
        "volumes": volumes,
    }


def _resources(given: Object, default: Object) -> Object:
    """Return what is asked for over the defaults, so that no limit falls away by not being named."""
    return {part: {**default.get(part, {}), **given.get(part, {})} for part in ("requests", "limits")}


def _own(subcommand: str, settings: Settings, mounts: list[Object]) -> Object:
    return {
        "name": subcommand,
        "image": settings.image,
        "imagePullPolicy": settings.pull_policy,
        "command": ["python3", "-m", "implementation_dag", subcommand],
        "resources": settings.sidecar_resources,
        "securityContext": restricted.container(),
        "volumeMounts": mounts,
    }


def _token() -> Object:
    return {
        "defaultMode": 0o440,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ],
    }
