"""Argo's kinds on an API server without Argo: any field is kept, and whoever tests plays the controller."""

from __future__ import annotations

from typing import Any

KINDS = {"Workflow": "workflows", "WorkflowTemplate": "workflowtemplates"}


def definitions() -> list[dict[str, Any]]:
    """CRDs of the kinds that the command reads and writes."""
    return [
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.argoproj.io"},
            "spec": {
                "group": "argoproj.io",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
                "scope": "Namespaced",
                "versions": [
                    {
                        "name": "v1alpha1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                ],
            },
        }
        for kind, plural in KINDS.items()
    ]


def nodes(workflow: str, results: dict[str, str]) -> dict[str, Any]:
    """The nodes of tasks that ended so, as Argo has them."""
    return {
        f"{workflow}-{task}": {
            "name": f"{workflow}.{task}",
            "displayName": task,
            "type": "Pod",
            "phase": phase,
            "message": "exit code 1" if phase == "Failed" else "",
            "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:05Z",
        }
        for task, phase in results.items()
    }
