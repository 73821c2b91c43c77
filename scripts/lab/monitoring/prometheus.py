"""A Prometheus that scrapes processes of ours each second, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from scripts.lab import ports
from scripts.lab.errors import LabError

from .process import serving

Object = dict[str, Any]
# Between two scrapes, and two evaluations.
INTERVAL_SECONDS = 2
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """Something that is scraped, with the labels that the PodMonitor gives it."""

    address: str
    labels: Labels


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, expr: str) -> list[tuple[Labels, float]]:
        """What it answers now: series by their labels."""
        found = self._get("query", query=expr)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def value(self, expr: str) -> float:
        """The sum of what it answers."""
        return sum(value for _, value in self.ask(expr))

    def alerts(self) -> list[Object]:
        """Alerts that are pending or fire."""
        return list(self._get("alerts")["alerts"])

    def _get(self, path: str, **query: str) -> Object:
        answer = httpx2.get(f"{self.url}/api/v1/{path}", params=query, trust_env=False, timeout=30)
        found = answer.json()
        if found["status"] != "success":
            raise LabError(f"Prometheus does not understand {query}: {found}")
        return dict(found["data"])


@contextmanager
def running(
    folder: Path, targets: Sequence[Target], groups: Sequence[Object], alertmanager: str
) -> Iterator[Prometheus]:
    """Scrape the targets, follow these groups of rules, and alert there. Raises LabError."""
    address = f"127.0.0.1:{ports.free()}"
    scraped = [{"targets": [each.address], "labels": dict(each.labels)} for each in targets]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": list(groups)}))
    every = f"{INTERVAL_SECONDS}s"
    config = {
        "global": {"scrape_interval": every, "evaluation_interval": every, "scrape_timeout": every},
        "rule_files": ["rules.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": "ours", "static_configs": scraped}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    options = ["--config.file=prometheus.yaml", "--storage.tsdb.path=prometheus", f"--web.listen-address={address}"]
    # What was told before Alertmanager was found is told again.
    options.append(f"--rules.alert.resend-delay={every}")
    with serving(folder, "prometheus", f"http://{address}/-/ready", *options):
        yield Prometheus(f"http://{address}")
