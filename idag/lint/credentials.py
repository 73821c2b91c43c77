"""Which credentials a container of a pod holds, and which folders it can write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]


def held(container: Object, volumes: Mapping[str, Object]) -> list[str]:
    """Return in words what the container holds: Secrets by volume or variable, tokens of service accounts."""
    return [*_mounted(container, volumes), *_in_variables(container)]


def _mounted(container: Object, volumes: Mapping[str, Object]) -> Iterator[str]:
    for mount in container.get("volumeMounts") or []:
        volume = volumes.get(str(mount.get("name"))) or {}
        if secret := volume.get("secret"):
            yield f"Secret {secret.get('secretName')}"
        if "csi" in volume:
            yield f"volume {mount.get('name')} of {volume['csi'].get('driver')}"
        for source in (volume.get("projected") or {}).get("sources") or []:
            if "secret" in source:
                yield f"Secret {source['secret'].get('name')}"
            if "serviceAccountToken" in source:
                yield "a token of its service account"


def _in_variables(container: Object) -> Iterator[str]:
    for variable in container.get("env") or []:
        if reference := (variable.get("valueFrom") or {}).get("secretKeyRef"):
            yield f"Secret {reference.get('name')}"
    for source in container.get("envFrom") or []:
        if reference := source.get("secretRef"):
            yield f"Secret {reference.get('name')}"


def writable(container: Object) -> set[str]:
    """Return the names of the volumes that the container mounts and can write to."""
    return {str(item.get("name")) for item in container.get("volumeMounts") or [] if not item.get("readOnly")}
