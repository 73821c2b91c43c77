"""What a kubeconfig must look like: the fields that are read here. kubectl refuses other shapes too."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from idag.cluster.errors import ClusterError
from implementation_dag.contract.arguments import shown

Object = dict[str, Any]
Schema = dict[str, Any]

# To kubectl an empty field is none.
_TEXT: Schema = {"type": ["string", "null"], "description": "a text"}
_NAME: Schema = _TEXT | {"type": "string"}
_FLAG: Schema = {"type": ["boolean", "null"], "description": "true or false"}
_TEXTS: Schema = {"type": ["array", "null"], "description": "a list of texts", "items": _NAME}
# Fields that name files, which are looked for beside the kubeconfig that names them.
FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
# What would be done otherwise than kubectl does it, with other rights or by another way.
REFUSED = {
    "cluster": ("proxy-url", "tls-server-name"),
    "user": ("as", "as-uid", "as-groups", "as-user-extra", "auth-provider"),
}


def _mapping(fields: dict[str, Schema], *required: str) -> Schema:
    wanted = {"type": "object"} if required else {"type": ["object", "null"]}
    return wanted | {"description": "a mapping", "properties": fields, "required": [*required]}


def _list(items: Schema) -> Schema:
    return {"type": ["array", "null"], "description": "a list", "items": items}


def _named(kind: str, fields: dict[str, Schema]) -> Schema:
    return _list(_mapping({"name": _NAME, kind: _mapping(fields)}, "name"))


def _texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, _TEXT)


_VARIABLE = _mapping({"name": _NAME, "value": _NAME}, "name", "value")
_EXEC = _mapping(
    _texts("apiVersion", "command", "installHint", "interactiveMode")
    | {"args": _TEXTS, "env": _list(_VARIABLE), "provideClusterInfo": _FLAG}
)
_USER = _texts("token", "tokenFile", "username", "password", "client-certificate", "client-certificate-data")
_USER |= _texts("client-key", "client-key-data") | {"exec": _EXEC}
_CLUSTER = _texts("server", "certificate-authority", "certificate-authority-data") | {"insecure-skip-tls-verify": _FLAG}
_SCHEMA = _mapping(
    _texts("current-context")
    | {
        "clusters": _named("cluster", _CLUSTER),
        "contexts": _named("context", _texts("cluster", "user", "namespace")),
        "users": _named("user", _USER),
    }
)
_VALIDATOR = Draft202012Validator(_SCHEMA)


def check(found: object, where: str) -> None:
    """Raise ClusterError that names the first field of another shape. No value is told: it may be secret."""
    errors = sorted(_VALIDATOR.iter_errors(found), key=lambda error: [str(part) for part in error.absolute_path])
    if not errors:
        return
    error = errors[0]
    rule: Any = error.schema
    place = shown(error.json_path.removeprefix("$").removeprefix("."))[1:-1] or "the file"
    if error.validator == "required":
        lacking = ", ".join(key for key in rule["required"] if key not in (error.instance or {}))
        raise ClusterError(f"{where} is no kubeconfig: {place} lacks {lacking}")
    raise ClusterError(f"{where} is no kubeconfig: {place} must be {rule['description']}")


def check_way(cluster: Object, user: Object, where: str) -> None:
    """Raise ClusterError when the chosen cluster and user ask for what is not done here, or cannot be spoken with."""
    for kind, entry in (("cluster", cluster), ("user", user)):
        if asked := [name for name in REFUSED[kind] if entry.get(name)]:
            raise ClusterError(
                f"{where}: its {kind} has {', '.join(asked)}, which idag cannot obey: use another context"
            )
    server = cluster.get("server") or ""
    if not _is_address(server):
        raise ClusterError(
            f"{where}: server of its cluster is {shown(server)}: must be https://HOST or https://HOST:PORT"
        )
    for name, text in (cluster | user).items():
        if name in FILES:
            _read(text, f"{where}: {name}")
        if name.endswith("-data") and not _is_base64(text):
            raise ClusterError(f"{where}: {name} must be in base64")
    certificate, key = (
        any(user.get(f"{name}{kind}") for kind in ("", "-data")) for name in ("client-certificate", "client-key")
    )
    if certificate != key:
        lacking = "client-key" if certificate else "client-certificate"
        raise ClusterError(f"{where}: its user lacks {lacking} or {lacking}-data: both or neither are needed")


def _read(path: str, what: str) -> None:
    try:
        Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ClusterError(f"{what} is {shown(path)}: {getattr(error, 'strerror', error)}") from None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text)
    except ValueError:
        return False
    return True


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
