"""The environments that ENVIRONMENTS names (dev, unless it says more), brought up once by a real Argo CD."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.progress import Progress
from scripts.lab.argocd.platform import Platform, prepared
from scripts.lab.stand import environment

OUT = Path("out") / "environments"
FIELDS = ("sync", "health", "drift_after_120s", "healed", "pruned", "rolled_back")


class Record:
    """What was seen of each environment; a field that no test reached stays null."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.seen: dict[str, dict[str, Any]] = {name: dict.fromkeys(FIELDS) for name in names}

    def __call__(self, name: str, field: str, value: object) -> None:
        assert field in FIELDS
        self.seen[name][field] = value
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / "summary.json").write_text(json.dumps(self.seen, indent=2) + "\n")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    names = tuple(os.environ.get("ENVIRONMENTS", "dev").split())
    where = environment.describe(os.environ)
    with prepared(where, names, tmp_path_factory.mktemp("platform"), Progress("environments")) as found:
        yield found


@pytest.fixture(scope="session")
def record(platform: Platform) -> Record:
    return Record(platform.names)
