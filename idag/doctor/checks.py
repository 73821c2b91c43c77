"""The checks: each looks at one thing that people get wrong, and knows what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from implementation_dag.check.agents import interface
from implementation_dag.check.definitions import argo_schema
from implementation_dag.check.finding import Finding, ok, problem, unknown
from implementation_dag.contract import labels, supported

from .addresses import api_server, dns_caches
from .cluster import Cluster, Object
from .reach import domain

ARGO_FLOORS = {floor[0]: floor for floor in map(supported.numbers, supported.ARGO_WORKFLOWS)}
KUBERNETES_FLOOR = supported.numbers(supported.KUBERNETES[0])
Check = Callable[[Cluster], Iterable[Finding]]


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(number) for number in found.groups() if number) if found else ()


def kubernetes(cluster: Cluster) -> Iterable[Finding]:
    """Kubernetes is new enough."""
    if _numbers(cluster.version)[:2] >= KUBERNETES_FLOOR:
        yield ok("Kubernetes", cluster.version)
    else:
        yield problem("Kubernetes", f"{cluster.version} is older than {supported.KUBERNETES[0]}", "upgrade the cluster")


def argo(cluster: Cluster) -> Iterable[Finding]:
    """Argo Workflows is installed, its CRDs and its controller are new enough."""
    crd = cluster.named("customresourcedefinitions", "workflowtemplates.argoproj.io")
    if crd is None:
        yield problem(
            "Argo Workflows",
            "not installed: no CRD workflowtemplates.argoproj.io",
            f"install Argo Workflows {supported.ARGO_WORKFLOWS[-1]} or newer (https://argo-workflows.readthedocs.io/en/latest/quick-start/)",
        )
        return
    yield argo_schema(crd)
    yield _argo_controller(cluster)


def _argo_controller(cluster: Cluster) -> Finding:
    found = [
        item for item in cluster.objects.get("all deployments", []) if "workflow-controller" in item["metadata"]["name"]
    ]
    if not found:
        return problem(
            "Argo controller", "no Deployment workflow-controller in any namespace", "install Argo Workflows"
        )
    name, image = found[0]["metadata"]["name"], found[0]["spec"]["template"]["spec"]["containers"][0]["image"]
    if not found[0].get("status", {}).get("readyReplicas"):
        return problem("Argo controller", f"{name} is not ready", f"kubectl logs deployment/{name}")
    version = _numbers(image.rsplit(":", 1)[-1]) if "@" not in image else ()
    if not version:
        return unknown("Argo controller", f"image {image} names no version", f"it must be {supported.ARGO_IN_WORDS}")
    if version < ARGO_FLOORS.get(version[0], (0,)) or version[0] < min(ARGO_FLOORS):
        return problem(
            "Argo controller",
            f"{image}: it must be {supported.ARGO_IN_WORDS}; older ones have vulnerabilities that matter here",
            "upgrade Argo Workflows",
        )
    return ok("Argo controller", f"{image} is ready")


def release(cluster: Cluster) -> Iterable[Finding]:
    """The chart is installed, and what every run needs runs."""
    for kind, name in (
        ("AgentRun", f"agentruns.{labels.GROUP}"),
        ("DocsRun", "docsruns.taskmaster.io"),
        ("Preview", f"previews.{labels.GROUP}"),
    ):
        if cluster.named("customresourcedefinitions", name) is None:
            how = f"kubectl apply --server-side -f charts/implementation-dag/crds/{name.partition('.')[0]}.yaml"
            yield problem(f"{kind} CRD", "not installed", how)
        else:
            yield ok(f"{kind} CRD", "is installed")
    if cluster.named("workflowtemplates", cluster.release) is None:
        yield problem(
            "release",
            f"no WorkflowTemplate {cluster.release} in namespace {cluster.namespace}",
            f"helm install {cluster.release} charts/implementation-dag -n {cluster.namespace} --create-namespace",
        )
        return
    yield ok("release", f"WorkflowTemplate {cluster.release} is there")
    yield _ready(cluster, "DocsRun controller", "controller")
    yield _ready(cluster, "provisioner", "provisioner")


def _ready(cluster: Cluster, subject: str, component: str) -> Finding:
    found = cluster.named("deployments", f"{cluster.release}-{component}")
    if found and found.get("status", {}).get("readyReplicas"):
        return ok(subject, "is ready")
    image = found["spec"]["template"]["spec"]["containers"][0]["image"] if found else "none"
    return problem(
        subject,
        f"not ready (image {image})",
        f"is it pushed? kubectl describe pods -n {cluster.namespace} -l app.kubernetes.io/component={component}",
    )


def coderun(cluster: Cluster) -> Iterable[Finding]:
    """The template that runs the agents is there and has the interface."""
    caller = cluster.named("workflowtemplates", cluster.release)
    if caller is None:
        return
    wanted = _agent_reference(caller)
    found = cluster.named("workflowtemplates", wanted["name"])
    yield interface(found, wanted["name"], wanted["template"])


def _agent_reference(template: Object) -> dict[str, str]:
    dag = next(item for item in template["spec"]["templates"] if item["name"] == "dag")
    found: dict[str, str] = next(task["templateRef"] for task in dag["dag"]["tasks"] if task["name"] == "implement")
    return found


def ingress(cluster: Cluster) -> Iterable[Finding]:
    """Previews can be reached."""
    classes = [item["metadata"]["name"] for item in cluster.objects.get("ingressclasses", [])]
    if not classes:
        yield problem("ingress", "no IngressClass", "install an ingress controller, or use Gateway API HTTPRoutes")
    else:
        yield ok("ingress", f"IngressClass {', '.join(classes)}")


SECRET_KEYS = {"git": ("username", "password"), "s3": ("accessKey", "secretKey")}


def references(cluster: Cluster) -> Iterable[Finding]:
    """Secrets and ConfigMaps that the values name exist and have their keys."""
    settings = cluster.settings
    # A release without its provisioner is told of already.
    if not settings or not cluster.provisioner:
        return
    if name := settings["git"]["credentialsSecret"]:
        yield _keys(cluster, "secrets", name, SECRET_KEYS["git"], "git.credentialsSecret")
    else:
        yield unknown("git.credentialsSecret", "empty: private repositories and pushes will fail", "name a Secret")
    artifacts = cluster.named("configmaps", f"{cluster.release}-artifacts")
    if artifacts is None:
        yield unknown(
            "S3", "no evidence.s3.bucket: Argo's default artifact repository is used", "make sure that it is set"
        )
    elif found := re.search(r"accessKeySecret: \{name: ([^,]+),", artifacts["data"]["evidence"]):
        yield _keys(cluster, "secrets", found.group(1), SECRET_KEYS["s3"], "evidence.s3.secretName")
    for name in settings["preview"]["pullSecrets"]:
        yield _keys(cluster, "secrets", name, (".dockerconfigjson",), "preview.pullSecrets")


def _keys(cluster: Cluster, kind: str, name: str, keys: tuple[str, ...], value: str) -> Finding:
    found = cluster.named(kind, name)
    if found is None:
        return problem(
            value, f"no {kind[:-1]} {name} in namespace {cluster.namespace}", f"create it with keys {', '.join(keys)}"
        )
    missing = [key for key in keys if key not in (found.get("data") or {})]
    if missing:
        return problem(value, f"{kind[:-1]} {name} lacks {', '.join(missing)}", "add the keys")
    return ok(value, f"{name} has its keys")


def network(cluster: Cluster) -> Iterable[Finding]:
    """The namespaces that previews may talk to exist with the labels that the policies name."""
    named = re.findall(r"(kubernetes\.io/metadata\.name): (\S+)", cluster.fences)
    for key, value in dict.fromkeys(named):
        there = any(item["metadata"].get("labels", {}).get(key) == value for item in cluster.objects["namespaces"])
        if there:
            yield ok("network policies", f"namespace {value} is there")
        else:
            yield problem(
                "network policies",
                f"no namespace has the label {key}={value}: previews would be cut off",
                "set preview.network.ingressNamespaceLabels and dnsNamespaceLabels",
            )


CHECKS: tuple[Check, ...] = (
    kubernetes,
    argo,
    release,
    coderun,
    ingress,
    domain,
    references,
    network,
    api_server,
    dns_caches,
)
