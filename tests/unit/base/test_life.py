"""The end of an object is counted by whoever wrote it, once."""

from __future__ import annotations

from typing import Any, cast

import httpx2
import pytest
from lightkube import ApiError, Client
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Pod

from implementation_dag.base import kube, metrics
from implementation_dag.base.life import Kind, Life

Thing = create_namespaced_resource("example.com", "v1", "Thing", "things")
Object = dict[str, Any]


class Api:
    """One object; a patch that names another version is refused."""

    def __init__(self) -> None:
        self.item: Object = {
            "metadata": {"name": "a", "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}
        }
        self.late = False

    def get(self, *_: Any, **__: Any) -> Any:
        return Thing.from_dict(self.item)

    def patch(self, kind: Any, name: str, patch: Object, **_: Any) -> None:
        if self.late:
            status = {"kind": "Status", "code": 409, "message": "changed"}
            raise ApiError(response=httpx2.Response(409, json=status, request=httpx2.Request("PATCH", "https://x")))
        self.item["status"] = patch["status"]


def following(item: Object) -> Object | None:
    """Pending, then Running, then Done."""
    phase = {None: "Pending", "Pending": "Running", "Running": "Done"}.get((item.get("status") or {}).get("phase"))
    return {"phase": phase, "reason": "x", "message": "x"} if phase else None


def ended(item: Object) -> bool:
    return bool((item.get("status") or {}).get("phase") == "Done")


def counted(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(f"implementation_dag_{name}", {"kind": "Thing", **labels})


def test_an_end_is_counted_by_the_write_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    monkeypatch.setattr(kube, "learn", lambda *_: None)
    kind = Kind("Thing", Thing, (Pod,), "x", str, following, ended, ("Pending", "Running", "Done"), lambda _: False)
    first, second = (Life(cast(Client, api), "here", kind) for _ in range(2))
    for _ in range(2):
        first.look("a")
    assert counted("object_results_total", phase="Running") is None
    api.late = True
    with pytest.raises(ApiError):
        second.look("a")
    api.late = False
    for life in (first, second, first):
        life.look("a")
    assert counted("object_results_total", phase="Done") == 1
    assert counted("object_duration_seconds_count", phase="Done") == 1


def test_objects_are_shown_by_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "learn", lambda *_: None)
    kind = Kind("Thing", Thing, (Pod,), "x", str, following, ended, ("Pending", "Running", "Done"), lambda _: False)
    life = Life(cast(Client, Api()), "here", kind)
    life.show()
    for name, status in (("a", {}), ("b", {"status": {"phase": "Done"}}), ("c", {"status": {"phase": "Done"}})):
        life.changed(name, status)
    assert [counted("objects", phase=phase) for phase in kind.phases] == [1, 0, 2]
