"""IDAG5xx: what every container must say about its image, its size and its powers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from idag.lint import powers, tags
from idag.lint.containers import Container, Pod
from idag.lint.credentials import held, writable
from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.shape import fit_pod_spec
from idag.schemas.embedded import PLACEHOLDER
from idag.yaml_reader import InputError, load

_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_PINNED = re.compile(r"(?:.+@sha256:[0-9a-f]{64}|(?:.*/)?[^/:@]+:[^/:@]+)")


@rule("IDAG501", "image without tag or digest", "what runs changes under you from one day to the next")
def floating_images(scope: Scope) -> Iterator[Hit]:
    """No tag, or `latest`. An image that an expression picks is judged by the texts in it."""
    for pod, container in _containers(scope):
        image = container.data.get("image")
        for name in _possible(image) if isinstance(image, str) else ():
            if not _PINNED.fullmatch(name) or name.endswith(":latest"):
                yield Hit(pod.address, f"{container.path}.image", f"{name} has no fixed tag or digest")


@rule(
    "IDAG502", "container without resources", "it takes what it likes from its neighbours, or is the first to be killed"
)
def no_resources(scope: Scope) -> Iterator[Hit]:
    """Requests for cpu and memory, and a limit for memory."""
    for pod, container in _containers(scope):
        # Kubernetes allows an ephemeral container none.
        if ".ephemeralContainers[" in container.path:
            continue
        resources = container.data.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        missing = [f"requests.{name}" for name in ("cpu", "memory") if name not in requests]
        missing += ["limits.memory"] if "memory" not in limits else []
        if missing:
            yield Hit(pod.address, container.path, f"resources without {', '.join(missing)}")


@rule(
    "IDAG503",
    "pod beyond the security level `restricted`",
    "it runs as root, with the powers of the image's author or of the node: who breaks into it has the node",
)
def beyond_restricted(scope: Scope) -> Iterator[Hit]:
    """What the level demands and is not there, and what it forbids and is there, in patches of pods too."""
    for pod in scope.pods:
        if found := list(powers.of_pod(pod.spec)):
            yield Hit(pod.address, pod.path, f"the pod has {', '.join(found)}")
    for pod, container in _containers(scope):
        own = container.data.get("securityContext") or {}
        missing = []
        if not own.get("runAsNonRoot", pod.security.get("runAsNonRoot")):
            missing.append("runAsNonRoot: true")
        if own.get("allowPrivilegeEscalation") is not False:
            missing.append("allowPrivilegeEscalation: false")
        if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
            missing.append("capabilities.drop: [ALL]")
        if not (own.get("seccompProfile") or pod.security.get("seccompProfile")):
            missing.append("seccompProfile")
        if missing:
            yield Hit(pod.address, container.path, f"securityContext without {', '.join(missing)}")
        if found := list(powers.of_container(container.data)):
            yield Hit(pod.address, container.path, f"the container has {', '.join(found)}")
    for address, path, text in scope.pod_patches:
        if found := list(_of_patch(text)):
            yield Hit(address, path, f"the patch gives {', '.join(found)}")


def _of_patch(text: str) -> Iterator[str]:
    try:
        spec = fit_pod_spec(load(tags.replaced(text, PLACEHOLDER)))
    except InputError:
        return
    yield from powers.of_pod(spec)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or []:
            yield from powers.of_container(container)


@rule(
    "IDAG504",
    "container beside another one's credential",
    "what it writes to a folder of both, the other one reads or even runs, beside its Secret; give it a pod of its own",
)
def shared_folders(scope: Scope) -> Iterator[Hit]:
    """Judged by the pod that results: every container of an Argo step can write to Argo's own folder of programs."""
    for pod in scope.pods:
        for holder in pod.containers:
            secrets = [item for item in held(holder.data, pod.volumes) if item.startswith("Secret")]
            for other in pod.containers:
                if not secrets or other.data.get("image") == holder.data.get("image") or held(other.data, pod.volumes):
                    continue
                mounted = {str(item.get("name")) for item in holder.data.get("volumeMounts") or []} | pod.shared
                if both := mounted & (writable(other.data) | pod.shared):
                    words = f"can write to {', '.join(sorted(both))}, beside {holder.name}, which holds {secrets[0]}"
                    yield Hit(pod.address, other.path, words)


def _containers(scope: Scope) -> Iterator[tuple[Pod, Container]]:
    return ((pod, container) for pod in scope.pods for container in pod.containers)


def _possible(image: str) -> list[str]:
    """The images that the field may mean: itself, or each text in an expression that looks like one."""
    if image.startswith("{{="):
        texts = [first or second for first, second in _LITERAL.findall(image)]
        return [text for text in texts if "/" in text or ":" in text]
    # Only a parameter: the one who gives it answers for the tag.
    return [] if re.fullmatch(r"\{\{[^}]*\}\}", image) else [re.sub(r"\{\{.*?\}\}", "x", image)]
