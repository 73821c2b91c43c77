"""An Alertmanager of this machine, and which alerts have reached it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import yaml

from scripts.lab import ports

from .process import serving

Alert = tuple[str, str]


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager; `address` is where Prometheus finds it."""

    address: str

    def active(self) -> set[Alert]:
        """Name and severity of each alert that goes on, as it knows them."""
        answer = httpx2.get(f"http://{self.address}/api/v2/alerts", trust_env=False, timeout=30)
        return {(each["labels"]["alertname"], each["labels"]["severity"]) for each in answer.raise_for_status().json()}


@contextmanager
def running(folder: Path) -> Iterator[Alertmanager]:
    """Run it; it tells nobody. Raises LabError."""
    address = f"127.0.0.1:{ports.free()}"
    (folder / "alertmanager.yaml").write_text(
        yaml.safe_dump({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]})
    )
    options = ("--config.file=alertmanager.yaml", f"--web.listen-address={address}", "--cluster.listen-address=")
    with serving(folder, "alertmanager", f"http://{address}/-/ready", *options, "--storage.path=alertmanager"):
        yield Alertmanager(address)
