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

from idag.cluster.errors import ClusterError
from idag.yaml_reader import load, read_text

Object = dict[str, Any]
_LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}
# Fields that name files, which are looked for beside the kubeconfig that names them.
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def files(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the files of KUBECONFIG, or ~/.kube/config; those that are not there are left out."""
    given = environment.get("KUBECONFIG", "")
    paths = [Path(part) for part in given.split(os.pathsep) if part] or [Path.home() / ".kube" / "config"]
    return [path for path in paths if path.is_file()]


def described(environment: Mapping[str, str] = os.environ) -> str:
    """Return where a kubeconfig was looked for, in words."""
    return f"KUBECONFIG={environment['KUBECONFIG']}" if environment.get("KUBECONFIG") else "~/.kube/config"


def merged(paths: list[Path]) -> Object:
    """Return the files as one kubeconfig, its paths absolute. Raises InputError, ClusterError."""
    whole: Object = {key: {} for key in _LISTS}
    current = ""
    for path in paths:
        read = load(read_text(path), str(path)) or {}
        if not isinstance(read, dict):
            raise ClusterError(f"{path} is no kubeconfig: a mapping is needed")
        current = current or str(read.get("current-context") or "")
        for key, kind in _LISTS.items():
            for item in read.get(key) or []:
                if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                    raise ClusterError(f"{path}: an entry of {key} has no name")
                whole[key].setdefault(item["name"], _absolute(item.get(kind) or {}, path.parent.absolute()))
    lists = {key: [{"name": name, kind: whole[key][name]} for name in whole[key]] for key, kind in _LISTS.items()}
    return lists | {"current-context": current}


def _absolute(entry: Object, folder: Path) -> Object:
    entry = entry | {key: str(folder / entry[key]) for key in _FILES if entry.get(key)}
    plugin = entry.get("exec")
    # As kubectl: a bare name is looked for on PATH.
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command", "")):
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
    names = ", ".join(item["name"] for item in whole["contexts"]) or "none"
    if not name:
        raise ClusterError(f"{described()} has no current-context: give --context, one of {names}")
    users = {item["name"]: item["user"] for item in whole["users"]}
    for item in whole["contexts"]:
        if item["name"] == name:
            plugin = users.get(str(item["context"].get("user")), {}).pop("exec", None) or {}
            # lightkube cannot speak as nobody.
            if not item["context"].get("user"):
                item["context"]["user"] = "nobody"
                whole["users"].append({"name": "nobody", "user": {}})
    try:
        return _of(KubeConfig.from_dict(whole), name), plugin
    except ConfigError:
        raise ClusterError(f"{described()} has no context {name!r}; it has {names}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ClusterError(f"{described()}: context {name!r} cannot be used: {error}") from None


def _of(config: KubeConfig, name: str | None) -> SingleConfig:
    found = config.get(name)
    if found is None:
        raise ConfigError("no context")
    return found
