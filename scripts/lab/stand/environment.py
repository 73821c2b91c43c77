"""Where the demo runs: the local cluster, brought up here, or the cluster of the user's KUBECONFIG."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from idag.progress import Progress
from idag.toolchain import asset, tool
from idag.toolchain.pins import read_pins
from implementation_dag.base.wait import until
from scripts.lab import images
from scripts.lab.cluster import prerequisites
from scripts.lab.cluster.__main__ import main as cluster
from scripts.lab.cluster.images import reference
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, PATIENCE_SECONDS, PREVIEW_DOMAIN, REGISTRY, State
from scripts.lab.errors import LabError, NotStarted
from scripts.lab.images import base, buildah
from scripts.lab.images.binary import BinaryImage
from scripts.lab.images.binary import build as build_binary
from scripts.lab.kubectl import Kubectl

DEMO_NAMESPACE = "implementation-dag-demo"
RELEASE_NAMESPACE = "workflows"
# Where the forge's image has its templates and options.
FORGE_ASSETS = "/usr/share/gitea"


@dataclass(frozen=True)
class Environment:
    """A cluster to run the demo on.

    `ca` is the authority of registry and ingress, None when the system's serve; `ingress_address` is where
    previews are reached from here, empty when their names resolve.
    """

    local: bool
    kubectl: Kubectl
    registry: str
    domain: str
    ingress_class: str
    ingress_address: str
    ca: Path | None
    state: State

    @contextmanager
    def reach(self, service: str, port: int) -> Iterator[tuple[str, int]]:
        """Address and port at which this machine reaches a service of the demo's namespace, once it does.

        Raises LabError.
        """
        if self.local:
            # The node's own kube-proxy answers for service addresses.
            found = self.kubectl.get("service", service, f"--namespace={DEMO_NAMESPACE}")
            if found is None:
                raise LabError(f"service {DEMO_NAMESPACE}/{service} is not there: run `make demo` again")
            address = str(found["spec"]["clusterIP"]), port
            # A pod is ready before kube-proxy knows of it.
            if not until(lambda: _listens(address), PATIENCE_SECONDS, 0.1):
                raise LabError(
                    f"service {DEMO_NAMESPACE}/{service}: nothing listens at {address[0]}:{port}: `make status`"
                )
            yield address
        else:
            with self.kubectl.forward(DEMO_NAMESPACE, service, port) as local:
                yield "127.0.0.1", local


def _listens(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=3):
        return True
    return False


@dataclass(frozen=True)
class DemoImages:
    """References of the images the demo runs, as the nodes pull them."""

    runtime: str
    agents: str
    s3: str
    forge: str


def describe(env: Mapping[str, str]) -> Environment:
    """The environment that the variables ask for. Raises LabError that names what is missing.

    KUBECONFIG (not the local cluster's own) chooses the user's cluster; then IMAGE_REGISTRY is needed, and
    DOMAIN, INGRESS_CLASS, INGRESS_ADDRESS and CA_FILE are honoured.
    """
    state = State.from_environment()
    given = env.get("KUBECONFIG", "")
    domain = env.get("DOMAIN") or PREVIEW_DOMAIN
    if not given or Path(given) == state.admin_kubeconfig:
        return Environment(
            local=True,
            kubectl=state.kubectl,
            registry=REGISTRY,
            domain=PREVIEW_DOMAIN,
            ingress_class=env.get("INGRESS_CLASS", ""),
            ingress_address=INGRESS_SERVICE_IP,
            ca=state.pki / "ca.crt",
            state=state,
        )
    registry = env.get("IMAGE_REGISTRY", "")
    if not registry:
        raise LabError(
            f"KUBECONFIG={given} is your own cluster, but IMAGE_REGISTRY is not set: name a registry (host or "
            "host/folder) that this machine may push to and the cluster's nodes may pull from, or unset KUBECONFIG"
        )
    ca = env.get("CA_FILE", "")
    return Environment(
        local=False,
        kubectl=Kubectl(None),
        registry=registry,
        domain=domain,
        ingress_class=env.get("INGRESS_CLASS", ""),
        ingress_address=env.get("INGRESS_ADDRESS", ""),
        ca=Path(ca) if ca else None,
        state=state,
    )


def prepare(environment: Environment, progress: Progress) -> DemoImages:
    """Bring the local cluster up, or ask about the user's; then build and push the images. Raises LabError."""
    if not environment.local:
        confirm(environment, os.environ, input if sys.stdin.isatty() else None)
        return _push_images(environment, progress)
    # Both halves of what follows need the packages: a fresh machine has none of them.
    prerequisites.require_root_on_linux()
    prerequisites.require_packages(progress)
    with ThreadPoolExecutor(max_workers=1) as background:
        # The images are built while the cluster comes up; pushing needs its registry.
        building = background.submit(_build_images)
        if cluster(["up"]):
            raise LabError("the local cluster did not come up: see above, and `make status`")
        building.result()
    return _push_images(environment, progress)


def confirm(environment: Environment, env: Mapping[str, str], ask: Callable[[str], str] | None) -> None:
    """Print the context about to be used and ask, unless YES=1. Raises NotStarted when the answer is no."""
    context = environment.kubectl.run("config", "current-context").strip()
    print(
        f"KUBECONFIG is set: using context {context!r}. New there: namespaces {RELEASE_NAMESPACE} and "
        f"{DEMO_NAMESPACE}, previews impl-pr-<n>, the chart's cluster roles and its DocsRun definition.\n"
        f"Images go to {environment.registry}.",
        flush=True,
    )
    if env.get("YES") == "1":
        return
    if ask is None:
        raise NotStarted(f"context {context!r} was not confirmed: there is no terminal to ask on; set YES=1")
    if ask("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotStarted(f"context {context!r} was not confirmed: nothing was done")


def _build_images() -> None:
    for name in ("runtime", "agents"):
        images.build(name)


def _push_images(environment: Environment, progress: Progress) -> DemoImages:
    pushed = {}
    for name in ("runtime", "agents"):
        pushed[name] = images.push(name, environment.registry, environment.ca)
        progress(f"image {pushed[name]}")
    return DemoImages(pushed["runtime"], pushed["agents"], _s3_image(environment), forge_image(environment))


def _s3_image(environment: Environment) -> str:
    name = reference("versitygw", read_pins()["versitygw"].version)
    return _push_binary(environment, BinaryImage(name, tool("versitygw"), "versitygw"))


def forge_image(environment: Environment) -> str:
    """Build and push the image of Gitea, which needs git; return its reference."""
    name = reference("gitea", read_pins()["gitea"].version)
    folders = {f"{FORGE_ASSETS}/{kind}": asset("gitea", kind) for kind in ("options", "templates")}
    return _push_binary(environment, BinaryImage(name, tool("gitea"), "gitea", folders=folders, base=base.build()))


def _push_binary(environment: Environment, image: BinaryImage) -> str:
    buildah.load(build_binary(image), image.reference)
    target = f"{environment.registry}/implementation-dag/{image.reference.rpartition('/')[2]}"
    return f"{target}@{images.push_local(image.reference, target, environment.ca)}"
