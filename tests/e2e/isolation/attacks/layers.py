"""How each layer is taken out on the test cluster: what it refused gets through then, or it was not it that refused.

Three ways: code that runs at the start of every Python of ours in a pod, a change of one preview, and a change
of the whole installation, which is undone at the end and at the start of the next run.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from implementation_dag.base import wait
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.objects import config_map
from scripts.lab.stand.release import GIT_SECRET

from .careless import CODE, CONTROLLER

# What an installation that was killed in the middle of a proof is found by.
MARK = {"implementation-dag.dev/test": "without-a-layer"}
SELECTOR = "--selector=implementation-dag.dev/test=without-a-layer"
PATH = "/layers:/opt/implementation-dag:/opt/implementation-dag/lib"
# Nobody else may rely on these meanwhile.
OF_THE_INSTALLATION = frozenset({"admission", "network", "box", "limits"})


def code(without: frozenset[str]) -> str:
    """What takes these layers out of our own programs; empty when none of them is code."""
    return "\n".join(CODE[layer] for layer in sorted(without & CODE.keys()))


@dataclass(frozen=True, kw_only=True)
class AllRights(Kubectl):
    """kubectl as `user`, whom RBAC lets do everything: admission policies see the user all the same."""

    user: str

    def command(self, *arguments: str) -> list[str]:
        """The full command line."""
        return super().command(*arguments, f"--as={self.user}", "--as-group=system:masters")


@dataclass(frozen=True)
class Hands:
    """Who takes layers out: `kubectl` is the administrator's, `alone` is held where no other may do the same."""

    kubectl: Kubectl
    release: str
    namespace: str
    alone: threading.Lock

    @property
    def keeper(self) -> Kubectl:
        """The identity that alone may change the fences of previews."""
        account = f"system:serviceaccount:{self.namespace}:{self.release}-provisioner"
        return AllRights(kubeconfig=self.kubectl.kubeconfig, user=account)

    def of(self, namespace: str) -> Kubectl:
        """Who may change the network policies of this namespace."""
        return self.kubectl if namespace == self.namespace else self.keeper


def open_preview(hands: Hands, namespace: str, deployer: str, without: frozenset[str]) -> None:
    """Take these layers out of one preview, which the service account `deployer` deploys into."""
    place = f"--namespace={namespace}"
    if "rbac" in without:
        _let_do_all(hands, deployer)
    if "pod-security" in without:
        _label(hands, namespace, "pod-security.kubernetes.io/enforce=privileged", "admission" not in without)
    if "quota" in without:
        hands.keeper.run("delete", "resourcequota,limitrange", "--all", place)
    if "network" in without:
        hands.keeper.run("delete", "networkpolicy", "--all", place)
        time.sleep(3)  # the enforcer hears of it


def _let_do_all(hands: Hands, account: str) -> None:
    subject = {"kind": "ServiceAccount", "name": account, "namespace": hands.namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    metadata = {"name": f"isolation-without-rbac-{account}", "labels": MARK}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding"}
    hands.kubectl.apply([kind | {"metadata": metadata, "roleRef": role, "subjects": [subject]}])
    user = f"--as=system:serviceaccount:{hands.namespace}:{account}"
    # The API server hears of it a moment later.
    _until_it_works(hands.kubectl, "auth", "can-i", "*", "*", "--all-namespaces", user)


@contextmanager
def empowered(hands: Hands, account: str) -> Iterator[None]:
    """Let one of the pipeline's identities do everything; nobody where `account` is empty."""
    try:
        if account:
            _let_do_all(hands, account)
        yield
    finally:
        if account:
            hands.kubectl.run("delete", "clusterrolebinding", f"isolation-without-rbac-{account}", "--ignore-not-found")


def _label(hands: Hands, namespace: str, label: str, checked: bool) -> None:
    """Label the preview; the policy that keeps its labels, if it is in force, looks away for that moment."""
    binding = f"{hands.release}-namespaces"
    with hands.alone, ExitStack() as stack:
        if checked:
            _act(hands.kubectl, hands.release, ["Audit"], binding)
            stack.callback(_act, hands.kubectl, hands.release, ["Deny"], binding)
        _until_it_works(hands.kubectl, "label", "namespace", namespace, "--overwrite", label)


def _until_it_works(kubectl: Kubectl, *command: str) -> None:
    for left in wait.rounds(20, 0.5):
        try:
            kubectl.run(*command)
            return
        except LabError:
            if not left:
                raise


@contextmanager
def out_of_installation(hands: Hands, namespaces: set[str], without: frozenset[str]) -> Iterator[None]:
    """Take these layers out of the whole installation, network policies out of `namespaces`, until the block ends."""
    with ExitStack() as stack:
        if "admission" in without:
            stack.enter_context(_policies_only_note(hands.kubectl, hands.release))
        if "network" in without:
            stack.enter_context(_nothing_is_fenced(hands, namespaces))
        if without & CONTROLLER.keys():
            stack.enter_context(_controller_is_careless(hands, without))
        yield


def restore(kubectl: Kubectl, release: str, namespace: str) -> None:
    """Put back what a run that was killed had taken out; its network policies came back with helm's upgrade."""
    kubectl.run("delete", "clusterrolebinding", SELECTOR, "--ignore-not-found")
    _act(kubectl, release, ["Deny"])
    _tidy_controller(kubectl, release, namespace)


def _act(kubectl: Kubectl, release: str, actions: list[str], only: str = "") -> None:
    chosen = f"--selector=app.kubernetes.io/instance={release}"
    for item in kubectl.items("validatingadmissionpolicybindings", chosen):
        if item["spec"]["validationActions"] != actions and only in ("", item["metadata"]["name"]):
            patch = json.dumps({"spec": {"validationActions": actions}})
            name = item["metadata"]["name"]
            kubectl.run("patch", "validatingadmissionpolicybinding", name, "--type=merge", f"--patch={patch}")


@contextmanager
def _policies_only_note(kubectl: Kubectl, release: str) -> Iterator[None]:
    try:
        _act(kubectl, release, ["Audit"])
        time.sleep(3)  # the API server hears of it
        yield
    finally:
        _act(kubectl, release, ["Deny"])
        time.sleep(3)


@contextmanager
def _nothing_is_fenced(hands: Hands, namespaces: set[str]) -> Iterator[None]:
    everywhere = hands.kubectl.items("networkpolicies", "--all-namespaces")
    found = [plain(item) for item in everywhere if item["metadata"]["namespace"] in namespaces]
    try:
        for item in found:
            place = f"--namespace={item['metadata']['namespace']}"
            hands.of(item["metadata"]["namespace"]).run("delete", "networkpolicy", item["metadata"]["name"], place)
        time.sleep(3)
        yield
    finally:
        for item in found:
            hands.of(item["metadata"]["namespace"]).apply([item])
        time.sleep(3)


@contextmanager
def _controller_is_careless(hands: Hands, without: frozenset[str]) -> Iterator[None]:
    place, name = f"--namespace={hands.namespace}", f"{hands.release}-controller"
    hand_over = put_code(hands.kubectl, hands.namespace, code(without))
    text = "\n".join(CONTROLLER[layer] for layer in sorted(without & CONTROLLER.keys()))
    text = text.replace("CONFIG_MAP", hand_over).replace("GIT_SECRET", GIT_SECRET)
    careless = put_code(hands.kubectl, hands.namespace, text)
    found = hands.kubectl.get("deployment", name, place) or {}
    try:
        _replace_pod(hands.kubectl, name, place, opened(found["spec"]["template"]["spec"], careless))
        yield
    finally:
        _tidy_controller(hands.kubectl, hands.release, hands.namespace)


def _tidy_controller(kubectl: Kubectl, release: str, namespace: str) -> None:
    place, name = f"--namespace={namespace}", f"{release}-controller"
    spec = (kubectl.get("deployment", name, place) or {})["spec"]["template"]["spec"]
    if all(volume["name"] != "layers" for volume in spec.get("volumes", [])):
        return
    spec["volumes"] = [volume for volume in spec["volumes"] if volume["name"] != "layers"]
    for container in spec["containers"]:
        container["volumeMounts"] = [item for item in container.get("volumeMounts", []) if item["name"] != "layers"]
        container["env"] = [item for item in container["env"] if item.get("value") != PATH]
    _replace_pod(kubectl, name, place, spec)


def _replace_pod(kubectl: Kubectl, name: str, place: str, spec: dict[str, Any]) -> None:
    patch = json.dumps([{"op": "replace", "path": "/spec/template/spec", "value": spec}])
    kubectl.run("patch", "deployment", name, place, "--type=json", f"--patch={patch}")
    kubectl.run("rollout", "status", f"deployment/{name}", place, "--timeout=120s")


def put_code(kubectl: Kubectl, namespace: str, text: str) -> str:
    """Name of a ConfigMap that has this code for the start of every Python."""
    name = f"isolation-layers-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    made = config_map(namespace, name, {"sitecustomize.py": text})
    made["metadata"]["labels"] = MARK
    kubectl.apply([made])
    return name


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """The object without what the API server added to it."""
    kept = ("name", "namespace", "labels", "annotations")
    metadata = {key: value for key, value in item["metadata"].items() if key in kept}
    return {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}


def opened(pod: dict[str, Any], code_of: str) -> dict[str, Any]:
    """The pod's spec (or a template's of a Workflow) with ConfigMap `code_of` at the start of every Python."""
    result = dict(pod)
    result["volumes"] = [*pod.get("volumes", []), {"name": "layers", "configMap": {"name": code_of}}]

    def container(found: dict[str, Any]) -> dict[str, Any]:
        env = [*found.get("env", []), {"name": "PYTHONPATH", "value": PATH}]
        mounts = [*found.get("volumeMounts", []), {"name": "layers", "mountPath": "/layers", "readOnly": True}]
        return found | {"env": env, "volumeMounts": mounts}

    for key in ("initContainers", "containers"):
        if key in pod:
            result[key] = [container(item) for item in pod[key]]
    if "container" in pod:
        result["container"] = container(pod["container"])
    return result
