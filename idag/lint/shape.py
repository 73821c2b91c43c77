"""The shape of what the rules read, and the one place where objects are brought into it.

Rules take for granted that a field below has its type or is not there: `fit` takes out what has another one and tells
it. What no rule reads stays as it is, and so do kinds that are not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from idag.render.manifests import Object


class _Text:
    """A string."""


class _Any:
    """A value that rules only look for, or walk through with care."""


class _MapOf(NamedTuple):
    """A mapping whose keys are the user's, with values of one shape."""

    values: Any


TEXT, ANY = _Text(), _Any()
_TEXTS = [TEXT]
_NAMED = {"name": TEXT}

_SECURITY: Object = {
    "capabilities": {"add": _TEXTS, "drop": _TEXTS},
    "seccompProfile": {"type": TEXT},
    "appArmorProfile": {"type": TEXT},
    "seLinuxOptions": {"type": TEXT, "user": TEXT, "role": TEXT},
    "windowsOptions": {},
    "sysctls": [_NAMED],
    "procMount": TEXT,
}
_CONTAINER: Object = {
    **{"name": TEXT, "image": TEXT, "command": _TEXTS, "args": _TEXTS, "source": TEXT},
    "env": [{"name": TEXT, "value": TEXT, "valueFrom": {"secretKeyRef": _NAMED}}],
    "envFrom": [{"secretRef": _NAMED}],
    "volumeMounts": [_NAMED],
    "ports": [{}],
    "resources": {"requests": {}, "limits": {}},
    "securityContext": _SECURITY,
}
_VOLUME: Object = {
    "name": TEXT,
    "secret": {"secretName": TEXT},
    "csi": {"driver": TEXT},
    "projected": {"sources": [{"secret": _NAMED, "serviceAccountToken": {}}]},
    "hostPath": {"path": TEXT},
}
POD_SPEC: Object = {
    **{kind: [_CONTAINER] for kind in ("containers", "initContainers", "ephemeralContainers")},
    "volumes": [_VOLUME],
    "securityContext": _SECURITY,
    "serviceAccountName": TEXT,
}

_ARGUMENTS: Object = {
    "parameters": [{"name": TEXT, "globalName": TEXT, "valueFrom": {}}],
    "artifacts": [{"name": TEXT, "globalName": TEXT, "raw": {"data": TEXT}}],
}
_REFERENCE: Object = {"name": TEXT, "template": TEXT}
_HOOKS = _MapOf({"template": TEXT, "templateRef": _REFERENCE, "arguments": _ARGUMENTS, "expression": TEXT})
_TASK: Object = {
    **{"name": TEXT, "template": TEXT, "templateRef": _REFERENCE, "arguments": _ARGUMENTS, "hooks": _HOOKS},
    **{"dependencies": _TEXTS, "depends": TEXT, "when": TEXT, "onExit": TEXT},
}
_TEMPLATE: Object = {
    **{"name": TEXT, "inputs": _ARGUMENTS, "outputs": _ARGUMENTS, "podSpecPatch": TEXT, "serviceAccountName": TEXT},
    **{kind: _CONTAINER for kind in ("container", "script")},
    **{kind: [_CONTAINER] for kind in ("initContainers", "sidecars")},
    "containerSet": {"containers": [_CONTAINER], "volumeMounts": [_NAMED]},
    "resource": {"manifest": TEXT, "action": TEXT, "successCondition": TEXT, "failureCondition": TEXT},
    "dag": {"tasks": [_TASK], "target": TEXT},
    "steps": [[_TASK]],
    "volumes": [_VOLUME],
    "securityContext": _SECURITY,
}
_TASK["inline"] = _TEMPLATE
_WORKFLOW: Object = {
    **{"entrypoint": TEXT, "onExit": TEXT, "arguments": _ARGUMENTS, "hooks": _HOOKS, "podSpecPatch": TEXT},
    "templates": [_TEMPLATE],
    "templateDefaults": _TEMPLATE,
    "volumes": [_VOLUME],
    "securityContext": _SECURITY,
    "workflowTemplateRef": _NAMED,
    "serviceAccountName": TEXT,
}

_POD: Object = {"spec": POD_SPEC}
_WORKLOAD: Object = {"spec": {"template": _POD}}
_RULES: Object = {"rules": [dict.fromkeys(("apiGroups", "resources", "verbs", "resourceNames"), _TEXTS)]}
_BINDING: Object = {
    "roleRef": {"kind": TEXT, "name": TEXT},
    "subjects": [{"kind": TEXT, "name": TEXT, "namespace": TEXT}],
}
_METADATA: Object = {"labels": _MapOf(TEXT), "annotations": _MapOf(TEXT), "namespace": TEXT}
_RBAC = "rbac.authorization.k8s.io"

# By API group and kind: `Role` and `Job` of others are not what the rules mean by these words.
SHAPES: dict[tuple[str, str], Object] = {
    ("", "ConfigMap"): {"data": _MapOf(TEXT)},
    ("", "Pod"): _POD,
    ("", "PodTemplate"): {"template": _POD},
    ("", "ReplicationController"): _WORKLOAD,
    ("", "ServiceAccount"): {},
    **{("apps", kind): _WORKLOAD for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")},
    ("batch", "Job"): _WORKLOAD,
    ("batch", "CronJob"): {"spec": {"jobTemplate": _WORKLOAD}},
    **{(_RBAC, kind): _RULES for kind in ("Role", "ClusterRole")},
    **{(_RBAC, kind): _BINDING for kind in ("RoleBinding", "ClusterRoleBinding")},
    **{("argoproj.io", kind): {"spec": _WORKFLOW} for kind in ("Workflow", "WorkflowTemplate")},
    ("argoproj.io", "ClusterWorkflowTemplate"): {"spec": _WORKFLOW},
    ("argoproj.io", "CronWorkflow"): {"spec": {"workflowSpec": _WORKFLOW}},
    ("taskmaster.io", "DocsRun"): {"spec": {}},
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {"spec": {"group": TEXT}},
}


class Misfit(NamedTuple):
    """A value of the wrong type, which the rules do not see."""

    path: str
    value: Any
    needed: str

    @property
    def message(self) -> str:
        return f"{self.value!r:.80} is no {self.needed}"


def known(item: Object) -> bool:
    """Whether rules may go by the object's kind."""
    return _identity(item) in SHAPES


def fit(item: Object) -> tuple[Object, list[Misfit]]:
    """Return the object with only those values that have their type, and what was taken out."""
    misfits: list[Misfit] = []
    shape = {**SHAPES.get(_identity(item), {}), "metadata": _METADATA}
    return dict(_fitted(item, shape, "", misfits)), misfits


def fit_pod_spec(spec: Any) -> Object:
    """The same of a pod's spec alone, such as a patch; what does not fit is not told."""
    fitted = _fitted(spec, POD_SPEC, "", [])
    return fitted if isinstance(fitted, dict) else {}


def _identity(item: Object) -> tuple[str, str]:
    return item["apiVersion"].rpartition("/")[0], item["kind"]


def _fitted(value: Any, shape: Any, path: str, misfits: list[Misfit]) -> Any:
    """The value without what does not fit; None when it does not fit itself."""
    needed = "mapping" if isinstance(shape, dict | _MapOf) else "list" if isinstance(shape, list) else "string"
    if shape is ANY:
        return value
    if not isinstance(value, {"mapping": dict, "list": list, "string": str}[needed]):
        misfits.append(Misfit(path, value, needed))
        return None
    if isinstance(shape, list):
        return [fitted for _, fitted in _children(enumerate(value), shape[0], path, misfits)]
    if isinstance(shape, _MapOf):
        return dict(_children(value.items(), shape.values, path, misfits))
    if isinstance(shape, dict):
        found = {key: inner for key, inner in value.items() if key not in shape}
        for key in value.keys() & shape.keys():
            found.update(_children([(key, value[key])], shape[key], path, misfits))
        # In the order in which people wrote it, which findings keep.
        return {key: found[key] for key in value if key in found}
    return value


def _children(pairs: Any, shape: Any, path: str, misfits: list[Misfit]) -> Iterator[tuple[Any, Any]]:
    for key, inner in pairs:
        # To Kubernetes, null is the same as not there.
        if inner is not None:
            name = inner.get("name") if isinstance(inner, dict) else None
            step = f"[{name if isinstance(name, str) else key}]" if isinstance(key, int) else f".{key}"
            fitted = _fitted(inner, shape, f"{path}{step}".lstrip("."), misfits)
            if fitted is not None:
                yield key, fitted
