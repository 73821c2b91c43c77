"""A run is followed across an API server that is away for a moment."""

from typing import Any, cast

import pytest

from idag.cluster import runs
from idag.cluster.access import Access
from idag.cluster.errors import ClusterError
from idag.cluster.release import Release
from idag.cluster.target import Pull
from idag.progress import Progress

PULL = Pull("acme", "shop", "7")


class Away:
    """An API server that does not answer `times` times, then says that the run has ended."""

    def __init__(self, times: int) -> None:
        self.times = times

    def find(self, what: str, *_: Any, **__: Any) -> dict[str, Any]:
        if self.times:
            self.times -= 1
            raise ClusterError(f"cannot read {what}: it does not answer")
        return {"metadata": {"name": "run-1"}, "status": {"phase": "Succeeded"}}


def follow(times: int) -> runs.Run:
    release = Release(cast(Access, Away(times)), "workflows", "dag", {})
    return runs.follow(release, runs.Run({"metadata": {"name": "run-1"}}, PULL), Progress("run"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_a_moment_is_borne(capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(runs.TRIES - 1).phase == "Succeeded"
    assert capsys.readouterr().err.count("trying again") == runs.TRIES - 1


def test_an_end_is_told() -> None:
    with pytest.raises(ClusterError, match="cannot read run run-1"):
        follow(runs.TRIES)
