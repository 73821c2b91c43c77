"""A release of the chart for the policies alone, and its previews: no controller of ours runs, no pod starts."""

from __future__ import annotations

import json
from typing import Any

import yaml

from implementation_dag.preview import preview_objects
from scripts.lab.kubectl import Kubectl

RELEASE = "isolation-policies"
NAMESPACE = "isolation-policies"
DEPLOYS = {"key": "pool", "operator": "In", "values": ["deploys"]}
VALUES: dict[str, Any] = {
    "git": {"credentialsSecret": "git"},
    "docsrun": {
        "replicas": 0,
        "imageRepositories": ["registry.example.com/mkdocs"],
        "serviceAccounts": ["mkdocs"],
    },
    "agents": {"reference": {"enabled": True, "image": "example.com/agents:1"}},
    "forge": {
        "enabled": True,
        "replicas": 0,
        "kind": "gitea",
        "apiUrl": "https://gitea.example.com/api/v1",
        "repositories": ["acme/*"],
        "secrets": {"reporter": "reporter", "webhook": "webhook"},
    },
    "provisioner": {"replicas": 0},
    "reaper": {"replicas": 0, "removeFinalizers": ["example.com/hold"]},
    "pods": {
        "agents": {
            "nodeSelector": {"pool": "agents"},
            "tolerations": [{"key": "agents", "operator": "Exists", "effect": "NoSchedule"}],
            "annotations": {"example.com/keep": "true"},
        },
        "docsruns": {
            "affinity": {
                "nodeAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 10, "preference": {"matchExpressions": [DEPLOYS]}},
                    ]
                }
            }
        },
    },
    "preview": {
        "pullSecrets": ["registry"],
        "labels": {"example.com/cost-center": "7"},
        "annotations": {"field.cattle.io/projectId": "p"},
    },
    "policies": {
        "fenceKeepers": {"users": ["keeper@example.com"]},
        "annotations": {"accepted": {"zalando.org/skipper-filter": 'setResponseHeader("X-Frame-Options", "DENY")'}},
        "ingressClasses": ["internal"],
        "gateways": ["gateways/shared"],
        "storageClasses": ["fast"],
        "pods": {"tolerations": ["example.com/previews"]},
    },
}
# Argo's own definition is large; of Workflows only what the API server does with them matters here.
WORKFLOWS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "workflows.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"kind": "Workflow", "plural": "workflows", "singular": "workflow"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
IDENTITIES = {
    **{name: f"system:serviceaccount:{NAMESPACE}:{RELEASE}-{name}" for name in ("runner", "provisioner", "controller")},
    **{name: f"system:serviceaccount:{NAMESPACE}:{RELEASE}-{name}" for name in ("pull-requests", "receiver")},
    "reaper": f"system:serviceaccount:{NAMESPACE}:{RELEASE}-reaper",
    "deployer": f"system:serviceaccount:{NAMESPACE}:{RELEASE}-deployer.impl-isolation-pr-1",
    "administrator": "admin",
}
HOLD = "implementation-dag.dev/test"


def all_rights(user: str) -> list[str]:
    """Flags with which kubectl asks as `user` and RBAC lets everything pass: only admission is left to refuse."""
    return [f"--as={IDENTITIES.get(user, user)}", "--as-group=system:masters"]


def preview(name: str, release: str, host: str) -> dict[str, Any]:
    """The Namespace as the provision step makes it."""
    number = name.rpartition("-")[2]
    ownership = {"owner": "acme", "repo": "isolation", "pr": number, "host": host}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "preview": "true",
                "managed-by": "implementation-dag",
                "pr": number,
                "repo": "isolation",
                "workflow": "isolation",
                "implementation-dag.dev/release": release,
                "pod-security.kubernetes.io/enforce": "restricted",
            },
            "annotations": {f"implementation-dag.dev/{key}": value for key, value in ownership.items()},
        },
    }


KEPT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: kept}
spec:
  replicas: 0
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec: {containers: [{name: kept, image: "example.com/kept:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: kept}
spec: {selector: {app: kept}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: kept}
spec:
  rules:
    - host: isolation-pr-1.preview.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: kept, port: {number: 80}}}}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: kept}
spec:
  # No scheduler: it never starts.
  schedulingGates: [{name: implementation-dag.dev/test}]
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: kept
      image: example.com/kept:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
# Objects on which a controller of the cluster noted something.
NOTED = """
apiVersion: v1
kind: Service
metadata: {name: noted, annotations: {cloud.example.com/network: own}}
spec: {selector: {app: kept}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: noted, annotations: {cloud.example.com/network: own}}
spec:
  replicas: 0
  selector: {matchLabels: {app: noted}}
  template:
    metadata: {labels: {app: noted}}
    spec: {containers: [{name: noted, image: "example.com/noted:1"}]}
"""


def apply(kubectl: Kubectl, user: str, items: list[dict[str, Any]], *flags: str) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    kubectl.run("apply", "--server-side", "--filename=-", *all_rights(user), *flags, stdin=document)


def fences(provisioner: dict[str, Any]) -> str:
    """What the release's provisioner puts into each preview."""
    (container,) = provisioner["spec"]["template"]["spec"]["containers"]
    (text,) = [item["value"] for item in container["env"] if item["name"] == "OBJECTS"]
    return str(text).replace("$$", "$")


def make_previews(kubectl: Kubectl, text: str) -> None:
    """impl-isolation-pr-1 with its fences and something in it, -2 of another release, -3 on its way out."""
    host = "isolation-pr-{}.preview.example.com"
    others = preview("impl-isolation-pr-2", "other", host.format(2))
    leaving = preview("impl-isolation-pr-3", RELEASE, host.format(3))
    apply(kubectl, "provisioner", [preview("impl-isolation-pr-1", RELEASE, host.format(1)), leaving])
    apply(kubectl, "administrator", [others])
    manifests = preview_objects.load(text, "impl-isolation-pr-1", host.format(1), {})
    apply(kubectl, "provisioner", manifests)
    quotas = [manifest for manifest in manifests if manifest["kind"] == "ResourceQuota"]
    count(kubectl, quotas)
    apply(kubectl, "deployer", list(yaml.safe_load_all(KEPT)), "--namespace=impl-isolation-pr-1")
    apply(kubectl, "administrator", list(yaml.safe_load_all(NOTED)), "--namespace=impl-isolation-pr-1")
    # A finalizer keeps this quota, and so the whole namespace, in the state of being deleted.
    held = quotas[0] | {"metadata": {"name": "preview", "finalizers": [HOLD]}}
    apply(kubectl, "provisioner", [held], "--namespace=impl-isolation-pr-3")
    kubectl.run("delete", "namespace", "impl-isolation-pr-3", "--wait=false")


def runs() -> list[dict[str, Any]]:
    """Runs that wait for the provisioner: the release's, and one that somebody wrote whole. No Argo takes them on."""
    supplied: list[dict[str, Any]] = [{"name": name, "valueFrom": {"supplied": {}}} for name in ("NS", "HOST")]
    node = {
        "type": "Suspend",
        "templateName": "set-params",
        "phase": "Running",
        "startedAt": "2026-01-01T00:00:00Z",
        "outputs": {"parameters": supplied},
    }
    nodes: dict[str, dict[str, Any]] = {
        "waits": node,
        "pod": node | {"type": "Pod", "templateName": "deploy"},
        "approve": node | {"templateName": "approve"},
        "foreign": node | {"templateRef": {"name": "coderun-template", "template": "set-params"}},
        "done": node | {"phase": "Succeeded"},
    }
    nodes = {name: {"id": name, "name": f"isolation.{name}"} | each for name, each in nodes.items()}
    own: dict[str, Any] = {"workflowTemplateRef": {"name": RELEASE}, "arguments": {"parameters": []}}
    metadata = {"namespace": NAMESPACE, "labels": {"workflows.argoproj.io/controller-instanceid": "nobody"}}
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": metadata | {"name": name},
            "spec": spec,
            "status": {"phase": "Running", "progress": "0/2", "nodes": nodes},
        }
        for name, spec in (
            ("isolation-run", own),
            ("isolation-forged", own | {"templates": [{"name": "set-params", "suspend": {}}]}),
        )
    ]


def count(kubectl: Kubectl, quotas: list[dict[str, Any]]) -> None:
    """Say that nothing of the quotas is used: without the controller that counts, nothing would be let in."""
    for quota in quotas:
        hard = quota["spec"]["hard"]
        status = json.dumps({"status": {"hard": hard, "used": dict.fromkeys(hard, "0")}})
        kubectl.run(
            "patch", "resourcequota", quota["metadata"]["name"], f"--namespace={quota['metadata']['namespace']}",
            "--subresource=status", "--type=merge", f"--patch={status}",
        )  # fmt: skip
