"""Fences become one preview's own, and what is missing of a preview made beforehand is named."""

from typing import Any

import httpx2
import pytest
from lightkube import ApiError

from implementation_dag.base.errors import StepError
from implementation_dag.preview import preview_objects

TEXT = """
kind: RoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: deployer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: idag-preview}
subjects: [{kind: ServiceAccount, name: idag-deployer.PREVIEW, namespace: workflows}]
---
kind: ResourceQuota
apiVersion: v1
metadata: {name: preview}
spec: {hard: {pods: PREVIEW}}
"""


def manifests() -> list[dict[str, Any]]:
    return preview_objects.load(TEXT, "impl-pr-7", "shop-pr-7.example.com", {"pr": "7"})


def test_the_preview_s_name_reaches_subjects_and_nothing_else() -> None:
    binding, quota = manifests()
    assert binding["subjects"][0]["name"] == "idag-deployer.impl-pr-7"
    assert quota["spec"]["hard"]["pods"] == "PREVIEW"
    assert {item["metadata"]["namespace"] for item in (binding, quota)} == {"impl-pr-7"}
    assert binding["metadata"]["labels"] == {"pr": "7"}


class Cluster:
    """A client to which only some objects are there."""

    def __init__(self, code: int) -> None:
        self.code = code

    def get(self, kind: type, name: str, namespace: str) -> None:
        if name == "preview":
            document = {"code": self.code, "message": "no"}
            raise ApiError(
                response=httpx2.Response(self.code, json=document, request=httpx2.Request("GET", "http://x"))
            )


def test_what_was_left_out_is_named() -> None:
    with pytest.raises(StepError, match="impl-pr-7 was made beforehand without ResourceQuota preview: make it"):
        preview_objects.check(Cluster(404), manifests())  # type: ignore[arg-type]


def test_what_may_not_be_read_is_said() -> None:
    with pytest.raises(StepError, match="cannot read ResourceQuota preview"):
        preview_objects.check(Cluster(403), manifests())  # type: ignore[arg-type]
