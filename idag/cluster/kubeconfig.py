"""The kubeconfig as kubectl reads it: several files are one, the first that names a thing wins.

lightkube reads one file and runs credential plugins of old protocols only, so both are done here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightkube.config.kubeconfig import SERVICE_ACCOUNT, KubeConfig, SingleConfig
from lightkube.core.exceptions import ConfigError

from idag.cluster import kubeconfig_shape
from idag.cluster.errors import ClusterError
from idag.yaml_reader import load, read_text

Object = dict[str, Any]
_LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}


def files(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the files of KUBECONFIG, or ~/.kube/config; those that are not there are left out."""
    given = environment.get("KUBECONFIG", "")
    paths = [Path(part) for part in given.split(os.pathsep) if part] or [Path.home() / ".kube" / "config"]
    return [path for path in paths if path.exists()]


def described(environment: Mapping[str, str] = os.environ) -> str:
    """Return where a kubeconfig was looked for, in words."""
    return f"KUBECONFIG={environment['KUBECONFIG']}" if environment.get("KUBECONFIG") else "~/.kube/config"


def merged(paths: list[Path]) -> Object:
    """Return the files as one kubeconfig, each list by name, its paths absolute. Raises InputError, ClusterError."""
    whole: Object = {key: {} for key in _LISTS}
    current = ""
    for path in paths:
        read = load(read_text(path), str(path)) or {}
        kubeconfig_shape.check(read, str(path))
        current = current or read.get("current-context") or ""
        for key, kind in _LISTS.items():
            for item in read.get(key) or []:
                whole[key].setdefault(item["name"], _absolute(item.get(kind) or {}, path.parent.absolute()))
    return whole | {"current-context": current}


def _absolute(entry: Object, folder: Path) -> Object:
    # To kubectl a field that is null is none.
    entry = {key: value for key, value in entry.items() if value is not None}
    entry |= {key: str(folder / entry[key]) for key in kubeconfig_shape.FILES if entry.get(key)}
    plugin = entry.get("exec") or {}
    # As kubectl: a bare name is looked for on PATH.
    if os.sep in (plugin.get("command") or ""):
        entry["exec"] = plugin | {"command": str(folder / plugin["command"])}
    return entry


def chosen(context: str = "") -> tuple[SingleConfig, Object]:
    """Return the configuration of `context`, or of the current one, and the exec section of its user.

    In a pod without a kubeconfig it is the pod's own identity. Raises ClusterError, InputError.
    """
    found = files()
    if not found:
        if not os.environ.get("KUBECONFIG") and Path(SERVICE_ACCOUNT, "token").is_file():
            return _of(KubeConfig.from_service_account(), None), {}
        raise ClusterError(f"no cluster: {described()} is not there; set KUBECONFIG")
    whole = merged(found)
    name = context or whole["current-context"]
    names = ", ".join(whole["contexts"]) or "none"
    if not name:
        raise ClusterError(f"{described()} has no current-context: give --context, one of {names}")
    if name not in whole["contexts"]:
        raise ClusterError(f"{described()} has no context {name!r}; it has {names}")
    where = f"{described()}: context {name!r}"
    own: Object = whole["contexts"][name]
    cluster = _part(whole, "cluster", own, where)
    # Without one nobody speaks.
    user = _part(whole, "user", own, where) if own.get("user") else {}
    kubeconfig_shape.check_way(cluster, user, where)
    plugin = user.pop("exec", None) or {}
    parts = {"clusters": cluster, "contexts": own | {"cluster": name, "user": name}, "users": user}
    one = {key: [{"name": name, kind: parts[key]}] for key, kind in _LISTS.items()}
    try:
        return _of(KubeConfig.from_dict(one), name), plugin
    except (KeyError, TypeError, ValueError) as error:
        raise ClusterError(f"{where} cannot be used: {error}") from None


def _part(whole: Object, kind: str, context: Object, where: str) -> Object:
    """The cluster or user that the context names."""
    wanted, there = context.get(kind), whole[f"{kind}s"]
    if wanted not in there:
        raise ClusterError(f"{where} has {kind} {wanted!r}: must be one of {', '.join(there) or 'none'}")
    return dict(there[wanted])


def _of(config: KubeConfig, name: str | None) -> SingleConfig:
    found = config.get(name)
    if found is None:
        raise ConfigError("no context")
    return found
