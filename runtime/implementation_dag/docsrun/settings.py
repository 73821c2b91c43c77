"""Settings of the controller, from the environment that its Deployment gives."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Pods:
    """What values say of the pods of a workload: fields of their spec (where they run), labels and annotations."""

    placement: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Pods:
        """Read the JSON of an entry of the chart's value `pods`."""
        given = json.loads(text)
        labels, annotations = given.pop("labels", {}), given.pop("annotations", {})
        return cls(given, labels, annotations)


@dataclass(frozen=True)
class Settings:
    """What the chart's values say about DocsRuns and AgentRuns; graces are in seconds, `default_timeout` as in Go."""

    namespace: str = "workflows"
    release: str = ""
    image: str = ""
    pull_policy: str = "IfNotPresent"
    trust_configmap: str = ""
    # What a DocsRun may ask for (allowed.py).
    image_repositories: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    git_base_url: str = ""
    git_credentials_secret: str = ""
    default_timeout: str = "15m"
    resources: dict[str, Any] = field(default_factory=dict)
    sidecar_resources: dict[str, Any] = field(default_factory=dict)
    unschedulable_grace: float = 60
    full_cluster_grace: float = 900
    image_pull_grace: float = 30
    ttl: int = 86400
    # JSON of the value `proxy`, empty where there is none (proxy.py).
    proxy: str = ""
    # runAsUser, runAsGroup and fsGroup; what is missing the platform gives.
    ids: dict[str, int] = field(default_factory=dict)
    box_pods: Pods = field(default_factory=Pods)
    docsrun_pods: Pods = field(default_factory=Pods)


def load() -> Settings:
    """Read what the chart's Deployment tells.

    NAMESPACE, RELEASE, IMAGE, PULL_POLICY, TRUST_CONFIGMAP, IMAGE_REPOSITORIES and SERVICE_ACCOUNTS (JSON),
    GIT_BASE_URL, GIT_CREDENTIALS_SECRET, DEFAULT_TIMEOUT, RESOURCES and SIDECAR_RESOURCES (JSON),
    UNSCHEDULABLE_GRACE_SECONDS, FULL_CLUSTER_GRACE_SECONDS, IMAGE_PULL_GRACE_SECONDS, TTL_SECONDS_AFTER_FINISHED,
    PROXY, POD_IDS, BOX_PODS and DOCSRUN_PODS (JSON).
    """
    env = os.environ
    return Settings(
        namespace=env["NAMESPACE"],
        release=env["RELEASE"],
        image=env["IMAGE"],
        pull_policy=env.get("PULL_POLICY", "IfNotPresent"),
        trust_configmap=env.get("TRUST_CONFIGMAP", ""),
        image_repositories=tuple(json.loads(env["IMAGE_REPOSITORIES"])),
        service_accounts=tuple(json.loads(env["SERVICE_ACCOUNTS"])),
        git_base_url=env["GIT_BASE_URL"],
        git_credentials_secret=env["GIT_CREDENTIALS_SECRET"],
        default_timeout=env.get("DEFAULT_TIMEOUT", "15m"),
        resources=json.loads(env.get("RESOURCES", "{}")),
        sidecar_resources=json.loads(env.get("SIDECAR_RESOURCES", "{}")),
        unschedulable_grace=float(env.get("UNSCHEDULABLE_GRACE_SECONDS", "60")),
        full_cluster_grace=float(env.get("FULL_CLUSTER_GRACE_SECONDS", "900")),
        image_pull_grace=float(env.get("IMAGE_PULL_GRACE_SECONDS", "30")),
        ttl=int(env.get("TTL_SECONDS_AFTER_FINISHED", "86400")),
        proxy=env.get("PROXY", ""),
        ids=json.loads(env["POD_IDS"]),
        box_pods=Pods.read(env.get("BOX_PODS", "{}")),
        docsrun_pods=Pods.read(env.get("DOCSRUN_PODS", "{}")),
    )
