"""What the chart tells the controller of pull requests."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from implementation_dag.base.errors import StepError
from implementation_dag.forge.errors import ForgeError

from . import evidence
from .model import Settings
from .queue import Limits
from .repositories import Repositories

NO_LIMITS = Limits()


@dataclass(frozen=True)
class Told:
    """Where it works, what of the forge is ours, how often and how much it asks, and what the decision goes by."""

    namespace: str
    template: str
    repositories: Repositories
    decision: Settings
    url: str = ""
    poll_seconds: float = 60
    calls_per_hour: int = 4000
    limits: Limits = NO_LIMITS
    # By which people read the evidence; None: nothing leads there.
    evidence: evidence.Link | None = None
    # Whether what runs take has a price.
    priced: bool = False
    on_failure: Literal["request-changes", "comment"] = "comment"
    # A collector of OpenTelemetry; empty: nobody is told.
    traces: str = ""
    log_level: str = "INFO"


def load(env: Mapping[str, str] = os.environ) -> Told:
    """Read NAMESPACE, RELEASE, LOG_LEVEL, and FORGE, the value `forge` as JSON with preview.ttlHours as ttlHours.

    Its `room` says how many previews forge.limits.capacity is enough for, and in words why.
    TRACES names a collector, if there is one.

    FORGE_EVIDENCE is the folder of the key that signs links to evidence, in the bucket's `evidenceRegion`. Raises
    StepError where it has none.
    """
    forge = json.loads(env["FORGE"])
    gates, limits = forge["gates"], forge["limits"]
    kind = cast(Literal["none", "github", "gitea"], forge["kind"])
    return Told(
        namespace=env["NAMESPACE"],
        template=env["RELEASE"],
        repositories=Repositories(tuple(name.lower() for name in forge["repositories"]) if kind != "none" else ()),
        decision=Settings(
            kind=kind,
            labels=tuple(gates["labels"]),
            drafts=gates["drafts"],
            paths=tuple(gates["paths"]),
            agents=tuple(gates["agents"]),
            ttl_hours=float(forge["ttlHours"]),
            most_extend_hours=float(limits["extendHours"]),
        ),
        url=forge["apiUrl"],
        poll_seconds=float(forge["pollSeconds"]),
        calls_per_hour=int(forge["callsPerHour"]),
        limits=Limits(
            runs=int(limits["runs"]),
            each=int(limits["runsPerRepository"]),
            previews=int(forge["room"]["previews"]),
            takes=forge["room"]["takes"],
        ),
        evidence=_evidence(forge, env.get("FORGE_EVIDENCE", "")),
        priced=forge["priced"],
        on_failure=forge["onFailure"],
        traces=env.get("TRACES", ""),
        log_level=env.get("LOG_LEVEL", "INFO"),
    )


def _evidence(forge: Mapping[str, Any], folder: str) -> evidence.Link | None:
    url = forge["evidenceUrl"]
    if folder:
        try:
            return evidence.Signed(url, forge["evidenceRegion"], Path(folder), int(forge["evidenceLinkDays"]))
        except ForgeError as error:
            raise StepError(str(error)) from None
    return evidence.below(url) if url else None
