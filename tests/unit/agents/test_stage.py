"""A box that the cluster lost leaves nothing behind for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from implementation_dag.agents import bundle, client, stage
from implementation_dag.base import kube
from implementation_dag.contract import settings

AGENTS = settings.Agents(
    image="",
    apps={"rex": settings.Agent(image="x", command=("rex",))},
    timeout_seconds=1,
    start_seconds=1,
    resources={},
    workspace_size="1Gi",
    retries=1,
    evidence_file_limit_bytes=100,
)


class Box:
    """A box whose work tree and evidence are those of `folder`; `lost` while it hands out its work tree."""

    def __init__(self, folder: Path, lost: bool) -> None:
        self.folder, self.lost = folder, lost
        self.status = {"exitCode": 0}
        self.deleted = False

    def wait(self, *_: str, **__: object) -> None: ...

    def give(self, _: Path) -> None: ...

    def print_log(self, *, to_the_end: bool = False) -> None: ...

    def delete(self) -> None:
        self.deleted = True

    def take(self, what: str) -> Iterator[bytes]:
        for number, piece in enumerate(bundle.pack(self.folder, repository=False)):
            if self.lost and what == "work" and number == 1:
                raise client.BoxLost("the node went away")
            yield piece


def test_the_second_box_s_files_replace_those_of_the_lost_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = []
    for number, lost in enumerate([True, False]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("coverage.html", "only.txt" if lost else "a.txt"):
            (folder / name).write_text(str(number))
        boxes.append(Box(folder, lost))
    left = iter(boxes)
    monkeypatch.setattr(client, "start", lambda *_: next(left))
    monkeypatch.setattr(kube, "client", lambda: None)
    monkeypatch.setattr(stage, "CHANGED", tmp_path / "changed")
    monkeypatch.setenv("COMMIT", "0" * 40)
    this: Any = SimpleNamespace(owner="acme", repo="shop", pr="7")
    stage.in_a_box(this, "rex", AGENTS, tmp_path / "artifacts" / "rex")
    assert (tmp_path / "artifacts" / "apart" / "coverage").read_text() == "1"
    assert [path.name for path in (tmp_path / "artifacts" / "rex").iterdir()] == ["a.txt"]
    assert {path.name for path in (tmp_path / "changed").iterdir()} == {"coverage.html", "a.txt"}
    assert all(box.deleted for box in boxes)
