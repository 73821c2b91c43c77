"""The environments brought up by Argo CD the way docs/environments.md tells a user to, and taken away again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from idag.overlays.environments import environment
from idag.progress import Progress
from idag.yaml_file import Values
from scripts.chart.render.project import ENVIRONMENTS, ROOT
from scripts.lab import images
from scripts.lab.argocd import git
from scripts.lab.argocd.working_copy import WorkingCopy
from scripts.lab.cluster.__main__ import main as cluster
from scripts.lab.cluster.argocd import NAMESPACE as ARGOCD
from scripts.lab.cluster.settings import API_SERVICE_IP, NODE_IP
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.alone import alone, lock_of
from scripts.lab.stand.backends import made_by_demo
from scripts.lab.stand.environment import RELEASE_NAMESPACE, Environment
from scripts.lab.stand.session import remove_everything

SERVER_SIDE = ("apply", "--server-side", "--force-conflicts", "--field-manager=acd-platform")
PRODUCT = "implementation-dag"
# Kinds of an environment's objects that are in no namespace.
CLUSTER_WIDE = "validatingadmissionpolicybindings,validatingadmissionpolicies,clusterrolebindings,clusterroles"

# The local cluster has no operators: an ExternalSecret would never become healthy, and a PodMonitor is no kind there.
WITHOUT_OPERATOR: Values = {("externalSecrets", "secrets"): {}, ("monitoring", "enabled"): False}
API_SERVER: Values = {
    ("network", "apiServer"): [
        {"to": [{"ipBlock": {"cidr": f"{address}/32"}}], "ports": [{"protocol": "TCP", "port": port}]}
        for address, port in ((NODE_IP, 6443), (API_SERVICE_IP, 443))
    ]
}


@dataclass(frozen=True)
class Platform:
    """A cluster with Argo CD, a repository it reads, and the environments `names` in it."""

    where: Environment
    copy: WorkingCopy
    names: tuple[str, ...]
    # The first commit, and the image that all environments run.
    baseline: str
    image: str

    @property
    def kubectl(self) -> Kubectl:
        """kubectl of the cluster."""
        return self.where.kubectl

    @property
    def applications(self) -> list[str]:
        """Names of the environments' Applications."""
        return [application(name) for name in self.names]

    def apply(self, folder: str) -> None:
        """Apply a folder of the working copy's kustomize. Raises LabError."""
        self.kubectl.run(*SERVER_SIDE, "--kustomize", str(self.copy.kustomize / folder))


def application(name: str) -> str:
    """Name of an environment's Application."""
    return f"{PRODUCT}-{name}"


def release(name: str) -> tuple[str, str]:
    """Name and namespace of an environment's release, from its overlay."""
    found = environment(name, ROOT)
    return found.release, found.namespace


@contextmanager
def prepared(where: Environment, names: Sequence[str], folder: Path, progress: Progress) -> Iterator[Platform]:
    """Bring everything up, apply kustomize/argocd, give the platform, and remove all but the cluster and Argo CD.

    Raises LabError, ToolError or LabError with what to do.
    """
    if not where.local:
        raise LabError("the tests of the environments need the local cluster: unset KUBECONFIG")
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown or not names:
        raise LabError(f"ENVIRONMENTS={' '.join(names)!r}: allowed are {', '.join(ENVIRONMENTS)}")
    if cluster(["up", "--argocd"]):
        raise LabError("the local cluster did not come up: see above, and `make status`")
    with ExitStack() as stack:
        if "production" in names:
            # It has the name and namespace of the demo's release, which makes room; anybody else's is refused below.
            stack.enter_context(alone(lock_of(where.state)))
            if made_by_demo(where, RELEASE_NAMESPACE):
                remove_everything(where, progress, cluster_too=False)
        yield from _prepared(where, names, folder, progress)


def _prepared(where: Environment, names: Sequence[str], folder: Path, progress: Progress) -> Iterator[Platform]:
    remove(where.kubectl, progress)
    for name in names:
        _refuse_foreign_release(where.kubectl, name)
    image = images.push("runtime", where.registry, where.ca)
    try:
        host = git.serve(where, folder)
        copy = WorkingCopy(folder / "platform", host)
        copy.create({"repository": git.URL, "charts": f"{where.registry}/{git.CHARTS}"})
        keep_environments(copy.kustomize / "argocd" / "environments.yaml", names)
        for name in names:
            copy.set_environment(name, {**image_values(image), **WITHOUT_OPERATOR, **API_SERVER})
        baseline = copy.commit("The environments of this cluster")
        progress(f"{git.URL} is served, at {baseline[:12]}")
        platform = Platform(where, copy, tuple(names), baseline, image)
        platform.apply("argocd/settings")
        platform.apply("argocd")
        yield platform
    finally:
        remove(where.kubectl, progress)
        git.remove(where.kubectl)


def image_values(image: str) -> Values:
    """Helm values for an image `repository:tag@digest`."""
    repository, _, digest = image.partition("@")
    return {
        ("image", "repository"): repository.rpartition(":")[0],
        ("image", "digest"): digest,
        ("image", "pullPolicy"): "IfNotPresent",
    }


def remove(kubectl: Kubectl, progress: Progress) -> None:
    """Remove the Applications, the project and everything that they deployed, but the CRD. Raises LabError."""
    argocd = (f"--namespace={ARGOCD}", "--ignore-not-found", "--timeout=60s")
    kubectl.run("delete", "applicationsets.argoproj.io", PRODUCT, *argocd)
    for name in (*ENVIRONMENTS, "crds"):
        kubectl.run("delete", "applications.argoproj.io", application(name), *argocd)
    kubectl.run("delete", "appprojects.argoproj.io", PRODUCT, *argocd)
    for name in filter(lambda name: _is_argocds(kubectl, name), ENVIRONMENTS):
        instance, namespace = release(name)
        chosen = f"--selector=app.kubernetes.io/instance={instance}"
        kubectl.run("delete", CLUSTER_WIDE, chosen, "--ignore-not-found")
        kubectl.run("delete", "namespace", namespace, "--ignore-not-found", "--timeout=180s")
        progress(f"environment {name} removed")


def _is_argocds(kubectl: Kubectl, name: str) -> bool:
    """Whether Argo CD's mark is on the environment's objects: a release of somebody else's is never removed."""
    instance, namespace = release(name)
    found = kubectl.get("serviceaccount", f"{instance}-runner", f"--namespace={namespace}") or {}
    mark: str = found.get("metadata", {}).get("annotations", {}).get("argocd.argoproj.io/tracking-id", "")
    return mark.startswith(f"{application(name)}:")


def _refuse_foreign_release(kubectl: Kubectl, name: str) -> None:
    _, namespace = release(name)
    if kubectl.get("namespace", namespace):
        raise LabError(
            f"namespace {namespace} is there already, and environment {name} would change what runs in it: "
            "run `make down` first"
        )


def keep_environments(path: Path, names: Sequence[str]) -> None:
    """Leave only some elements in the ApplicationSet, line by line, so that it stays what it was otherwise."""
    lines = path.read_text().splitlines()
    wanted = [line for line in lines if "{environment: " not in line or line.split()[2].rstrip(",") in names]
    path.write_text("\n".join(wanted) + "\n")
