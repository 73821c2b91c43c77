"""What the checks look at, read once from the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import DaemonSet, Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Secret, Service, ServiceAccount
from lightkube.resources.discovery_v1 import EndpointSlice
from lightkube.resources.networking_v1 import IngressClass, NetworkPolicy

from idag.cluster.access import Access
from idag.cluster.errors import ClusterError
from idag.cluster.release import WorkflowTemplate

Object = dict[str, Any]


@dataclass
class Cluster:
    """A cluster as the checks see it; `namespace` is the release's.

    `ingress` is the address of the ingress controller where this machine cannot look up names below the domain.
    """

    namespace: str
    release: str
    version: str = ""
    ingress: str = ""
    objects: dict[str, list[Object]] = field(default_factory=dict)

    def named(self, kind: str, name: str) -> Object | None:
        """Return the object of that kind and name, or None."""
        return next((item for item in self.objects.get(kind, []) if item["metadata"]["name"] == name), None)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of all steps of the installed release, the provisioner's too; empty when it is not installed."""
        template = self.named("workflowtemplates", self.release) or {"spec": {"templates": []}}
        steps = [item.get("container", {}).get("env", []) for item in template["spec"]["templates"]]
        steps.append(self.provisioner)
        # Doubled, so that the kubelet leaves it alone.
        texts = [item["value"].replace("$$", "$") for env in steps for item in env if item["name"] == "SETTINGS"]
        return {name: section for text in texts for name, section in yaml.safe_load(text).items()}

    @property
    def fences(self) -> str:
        """The objects of each preview, as YAML; empty when the release is not installed."""
        found = (str(item["value"]) for item in self.provisioner if item["name"] == "OBJECTS")
        return next(found, "").replace("$$", "$")

    @property
    def provisioner(self) -> list[dict[str, Any]]:
        """The variables of the provisioner, none when it is not there."""
        found = self.named("deployments", f"{self.release}-provisioner")
        return list(found["spec"]["template"]["spec"]["containers"][0]["env"]) if found else []

    def step(self, name: str) -> dict[str, Any]:
        """Return a template of the release's WorkflowTemplate, empty when it is not there."""
        templates = (self.named("workflowtemplates", self.release) or {}).get("spec", {}).get("templates", [])
        return next((item for item in templates if item["name"] == name), {})


CLUSTER_WIDE = {
    "customresourcedefinitions": CustomResourceDefinition,
    "ingressclasses": IngressClass,
    "namespaces": Namespace,
}
NAMESPACED = {
    "configmaps": ConfigMap,
    "secrets": Secret,
    "serviceaccounts": ServiceAccount,
    "workflowtemplates": WorkflowTemplate,
    "deployments": Deployment,
    "networkpolicies": NetworkPolicy,
}
EVERYWHERE = {"deployments": Deployment, "daemonsets": DaemonSet}
# Of the API server itself.
KUBERNETES = {"service": Service, "endpointslice": EndpointSlice}


def read(access: Access, namespace: str, release: str, ingress: str) -> Cluster:
    """Return what is there; `ingress` is as in Cluster. Raises ClusterError when the API server does not answer."""
    version = access.version

    def listed(resource: Any, **options: Any) -> list[Object]:
        try:
            return access.items("objects", resource, **options)
        except ClusterError:
            # What a person may not see, and kinds that are not installed: the checks say what is missing.
            return []

    objects = {kind: listed(resource) for kind, resource in CLUSTER_WIDE.items()}
    objects |= {f"all {kind}": listed(resource, namespace="*") for kind, resource in EVERYWHERE.items()}
    own = {"namespace": "default", "fields": {"metadata.name": "kubernetes"}}
    objects |= {f"kubernetes {kind}": listed(resource, **own) for kind, resource in KUBERNETES.items()}
    objects |= {kind: listed(resource, namespace=namespace) for kind, resource in NAMESPACED.items()}
    return Cluster(namespace, release, version, ingress, objects)
