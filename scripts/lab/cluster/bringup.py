"""`up`: every phase in its order; each one does nothing when its work is done already."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from idag.progress import Progress
from idag.toolchain import asset, bin_folder, tool
from idag.toolchain.pins import read_pins
from scripts.lab.cluster import addons, components, health, images, network, pki, prerequisites, processes, teardown
from scripts.lab.cluster.settings import INGRESS_SERVICE_IP, PATIENCE_SECONDS, PREVIEW_DOMAIN, REGISTRY, State
from scripts.lab.errors import LabError
from scripts.lab.images.binary import build

# A kubelet that begins anew judges its pods a second or two after it answers: what is read before is of the former one.
STEADY_SECONDS = 5.0


def up(state: State, progress: Progress) -> None:
    """Bring the cluster up or repair it. Raises ToolError or LabError with what to do."""
    try:
        from scripts.lab.cluster import ingress
    except ModuleNotFoundError as error:  # `down` and `status` do without the virtual environment
        raise LabError(f"{error.name} is not here: use `make up`, which brings the Python environment") from None
    prerequisites.require_packages(progress)
    find = _finder()
    _require_tools(find)
    state.root.mkdir(parents=True, exist_ok=True)
    state.root.chmod(0o711)  # pods' volumes lie below it; names of other things are nobody's business
    if pki.ensure(state):
        progress("certificates made")
    wanted = commands(state)
    if _is_up(state, wanted) and not ingress.fault(state):
        progress(f"already up: export KUBECONFIG={state.admin_kubeconfig}")
        return
    was_there = bool(_stamp(state))
    if not network.is_up(state):
        progress("network: bridge, kernel settings, firewall")
    network.ensure(state)
    teardown.make_cgroups()
    with ThreadPoolExecutor() as background:
        _start(state, wanted, "containerd", progress)
        loading = background.submit(_load_images, state, find, progress)
        for name in ("etcd", "kube-apiserver"):
            _start(state, wanted, name, progress)
        applying = background.submit(_apply_addons, state, loading.result, progress)
        for name in ("kube-controller-manager", "kube-scheduler", "registry", "kube-proxy"):
            processes.start(state, wanted[name])
        _start(state, wanted, "kubelet", progress)
        for name in ("kube-controller-manager", "kube-scheduler", "registry", "kube-proxy"):
            _wait(state, name, progress)
        applying.result()
    _wait_for_node(state, progress)
    addons.wait(state, addons.DEPLOYMENTS, PATIENCE_SECONDS, progress, steady=STEADY_SECONDS if was_there else 0)
    ingress.wait(state, progress)
    progress(f"cluster is up: registry {REGISTRY}, ingress {INGRESS_SERVICE_IP} for *.{PREVIEW_DOMAIN}")
    progress(f"use it: export KUBECONFIG={state.admin_kubeconfig}")


def commands(state: State) -> dict[str, processes.Command]:
    """What the node runs, by name, in the order of starting."""
    return {command.name: command for command in components.all_components(state, _finder())}


def _finder() -> Callable[[str], Path]:
    """Paths of tools behind the links of the bin folder: a new pin of one tool restarts only that one."""
    folder = bin_folder()

    def find(name: str) -> Path:
        link = folder / name
        return (link if link.is_file() else tool(name)).resolve()

    return find


def _require_tools(find: Callable[[str], Path]) -> None:
    """Raise ToolMissing before anything is started, not in the middle."""
    for name in ("kubectl", *images.ADDON_PROGRAMS):
        find(name)
    _definitions()


def _is_up(state: State, wanted: dict[str, processes.Command]) -> bool:
    """All processes run as asked, the API server and the node are ready, and so is what runs inside."""
    for name, command in wanted.items():
        current = processes.running(state, name)
        if current is None or current.digest != command.digest:
            return False
    if not (network.is_up(state) and health.api_ready(state) and health.node_ready(state)):
        return False
    if _stamp(state) != _addons_digest(state):
        return False
    return addons.ready(state, addons.DEPLOYMENTS)


def _start(state: State, wanted: dict[str, processes.Command], name: str, progress: Progress) -> None:
    processes.start(state, wanted[name])
    _wait(state, name, progress)


def _wait(state: State, name: str, progress: Progress) -> None:
    health.wait(state, name, lambda: health.component_ready(state, name), PATIENCE_SECONDS, component=name)
    progress(f"{name} ready")


def _load_images(state: State, find: Callable[[str], Path], progress: Progress) -> None:
    for image in images.addon_images(find, _versions()):
        archive = build(image)
        images.load(archive, state)
    progress("images of the addons are in containerd")


def _versions() -> dict[str, str]:
    return {name: pin.version for name, pin in read_pins().items()}


def _definitions() -> list[Path]:
    return [
        *addons.definition_files(asset("argo-workflows", "crds")),
        *addons.definition_files(asset("gateway-api", "crds")),
    ]


def _addons_digest(state: State) -> str:
    return addons.digest(addons.manifests(state, _versions()), _definitions())


def _stamp(state: State) -> str:
    path = state.stamps / "addons"
    return path.read_text() if path.is_file() else ""


def _apply_addons(state: State, images_loaded: Callable[[], None], progress: Progress) -> None:
    """Apply what changed or is missing. Pods come last: after their definitions, and after their images."""
    states = [health.deployment_state(state, *deployment) for deployment in addons.DEPLOYMENTS]
    digest = _addons_digest(state)
    if "missing" in states or _stamp(state) != digest:
        addons.apply_definitions(state.kubectl, _definitions())
        progress("resource definitions of Argo Workflows and Gateway API applied")
        images_loaded()
        for name, text in addons.manifests(state, _versions()).items():
            addons.apply(state.kubectl, text)
            progress(f"{name.removesuffix('.yaml')} applied")
        state.stamps.mkdir(parents=True, exist_ok=True)
        (state.stamps / "addons").write_text(digest)
    images_loaded()


def _wait_for_node(state: State, progress: Progress) -> None:
    health.wait(state, "the node", lambda: health.node_ready(state), PATIENCE_SECONDS, component="kubelet")
    progress("node ready")
