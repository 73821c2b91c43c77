"""What runs inside the cluster: CoreDNS, the ingress controller, Argo Workflows (see manifests/)."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from idag.progress import Progress
from implementation_dag.base.wait import rounds
from scripts.lab.cluster import health, images
from scripts.lab.cluster.settings import (
    CLUSTER_DOMAIN,
    DNS_SERVICE_IP,
    INGRESS_SERVICE_IP,
    PATIENCE_SECONDS,
    PREVIEW_DOMAIN,
    State,
)
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl

MANIFESTS = Path(__file__).parent / "manifests"
DEPLOYMENTS = (("kube-system", "coredns"), ("ingress", "skipper"), ("argo", "workflow-controller"))
APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=implementation-dag-cluster")
ADDRESSES = {
    "coredns": f"{DNS_SERVICE_IP}:53",
    "skipper": f"{INGRESS_SERVICE_IP}:443",
    "workflow-controller": "",
}
_FIELD = re.compile(r"@\{(\w+)\}")
# In kubectl's words: an API server that is too slow at the moment, as on a busy machine.
_BUSY = re.compile(
    r"Error from server \((Timeout|ServerTimeout|TooManyRequests|ServiceUnavailable)\)|deadline exceeded"
)


def fields(state: State, versions: Mapping[str, str]) -> dict[str, str]:
    """Values for the manifests' @{...} fields; `versions` maps pinned tools to versions."""

    def image(program: str) -> str:
        return images.reference(program, versions[images.ADDON_PROGRAMS[program]])

    def inline(file: str) -> str:
        return base64.b64encode((state.pki / file).read_bytes()).decode()

    return {
        "cluster_domain": CLUSTER_DOMAIN,
        "preview_domain": PREVIEW_DOMAIN,
        "preview_pattern": re.escape(PREVIEW_DOMAIN),
        "dns_ip": DNS_SERVICE_IP,
        "ingress_ip": INGRESS_SERVICE_IP,
        "wildcard_certificate": inline("preview.crt"),
        "wildcard_key": inline("preview.key"),
        "argo_version": versions["argo-workflows"],
        "coredns_image": image("coredns"),
        "skipper_image": image("skipper"),
        "controller_image": image("workflow-controller"),
        "executor_image": image("argoexec"),
    }


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill the @{...} fields of one manifest; @{digest} becomes the digest of the rest: pods follow config.

    Raises LabError that names a field without a value.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "digest":
            return match.group(0)
        if name not in values:
            raise LabError(f"manifest field @{{{name}}} has no value; known: {', '.join(sorted(values))}")
        return values[name]

    filled = _FIELD.sub(value, text)
    return filled.replace("@{digest}", hashlib.sha256(filled.encode()).hexdigest()[:12])


def manifests(state: State, versions: Mapping[str, str]) -> dict[str, str]:
    """Rendered manifests by file name, in the order of applying."""
    values = fields(state, versions)
    names = ("base.yaml", "coredns.yaml", "ingress.yaml", "argo.yaml")
    return {name: render((MANIFESTS / name).read_text(), values) for name in names}


def apply(kubectl: Kubectl, text: str) -> None:
    """Apply one manifest text server-side; raises LabError with kubectl's words."""
    _persistently(kubectl, *APPLY, "--filename=-", stdin=text)


def _persistently(kubectl: Kubectl, *arguments: str, stdin: str = "") -> None:
    for left in rounds(PATIENCE_SECONDS, 1):
        try:
            kubectl.run(*arguments, stdin=stdin)
            return
        except LabError as error:
            if not left or not _BUSY.search(str(error)):
                raise


def apply_definitions(kubectl: Kubectl, files: list[Path]) -> None:
    """Apply resource definitions and wait until the API server serves them; raises LabError.

    Server-side, because Argo's schemas do not fit into a client-side apply's annotation. One call a file, some
    at a time: the API server needs seconds for each of Argo's, and it is the API server that checks them.
    """

    def one(path: Path) -> None:
        _persistently(kubectl, *APPLY, "--validate=false", f"--filename={path}")

    with ThreadPoolExecutor(max_workers=4) as pool:
        # Listing the results raises the first error.
        list(pool.map(one, sorted(files, key=lambda path: -path.stat().st_size)))
    _wait_until_established(kubectl)


def _wait_until_established(kubectl: Kubectl) -> None:
    established = (
        "--for=condition=Established",
        "customresourcedefinitions",
        "--all",
        f"--timeout={PATIENCE_SECONDS:.0f}s",
    )
    for left in rounds(PATIENCE_SECONDS, 0.2):
        try:
            kubectl.run("wait", *established)
            return
        except LabError as error:
            # kubectl gives up on a definition so new that it has no conditions yet.
            if "accessor error" not in str(error) or not left:
                raise


def ready(state: State, deployments: Iterable[tuple[str, str]]) -> bool:
    """Whether all deployments (namespace, name) run as they should."""
    return all(health.deployment_state(state, *deployment) == "ready" for deployment in deployments)


def wait(
    state: State, deployments: Sequence[tuple[str, str]], seconds: float, progress: Progress, steady: float = 0
) -> None:
    """Wait until each deployment is ready, and all for `steady` seconds; raises LabError that says where to look."""
    for deployment in deployments:
        what = "/".join(deployment)
        try:
            health.wait(state, f"deployment {what}", partial(ready, state, [deployment]), seconds)
        except LabError as error:
            look = f"kubectl --kubeconfig {state.admin_kubeconfig}"
            raise LabError(f"{error}; look: {look} -n {deployment[0]} describe pods") from error
        progress(f"{what} ready")
    since = time.monotonic()
    for _ in rounds(seconds, 0.2):
        if not ready(state, deployments):
            since = time.monotonic()
        elif time.monotonic() - since >= steady:
            return
    raise LabError(f"of {', '.join('/'.join(each) for each in deployments)} not all stay ready for {steady:.0f} s")


def definition_files(folder: Path) -> list[Path]:
    """The resource definitions of a release, without its kustomization and words for people."""
    return [path for path in sorted(folder.glob("*.yaml")) if path.name != "kustomization.yaml"]


def digest(rendered: Mapping[str, str], definitions: list[Path]) -> str:
    """Changes when anything that is applied changes."""
    parts = [*rendered.values(), *(str(path.resolve()) for path in definitions)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
