"""What a release wants of its bucket, from the ConfigMap <release>-artifacts of its manifest."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from scripts.render.manifests import load, load_all
from scripts.retention.errors import RetentionError

LOGS_PREFIX = "argo.logs/"


class Settings(NamedTuple):
    """A bucket and how long what lies in it is kept. Days: 0 is for ever."""

    release: str
    namespace: str
    endpoint: str
    bucket: str
    region: str
    insecure: bool
    evidence_days: int
    logs_days: int
    owners: tuple[str, ...]

    def prefixes(self) -> dict[str, tuple[str, int]]:
        """Return each part of the bucket: its name, the prefix of its keys, and its days."""
        evidence = {f"evidence/{owner}": (f"{owner}/", self.evidence_days) for owner in self.owners}
        return evidence | {"logs": (LOGS_PREFIX, self.logs_days)}


def read(manifest: str) -> Settings:
    """Return the settings in `manifest`: one object or many, YAML or JSON. Raises RetentionError."""
    try:
        documents = load_all(manifest)
    except yaml.YAMLError as error:
        raise RetentionError(f"the manifest is not YAML: {error}") from None
    found = [item for item in documents if isinstance(item, dict) and _is_ours(item)]
    if len(found) != 1:
        names = ", ".join(f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in found) or "none"
        raise RetentionError(
            f"the manifest must hold one ConfigMap <release>-artifacts with the keys evidence and retention; it has "
            f"{names}. It is rendered when evidence.s3.bucket is set, by charts of 0.2.0 and later"
        )
    (item,) = found
    s3, retention = (load(item["data"][key]) for key in ("evidence", "retention"))
    s3 = s3["s3"]
    return Settings(
        retention["release"],
        item["metadata"]["namespace"],
        s3["endpoint"],
        s3["bucket"],
        s3["region"],
        s3["insecure"],
        retention["evidenceDays"],
        retention["logsDays"],
        tuple(retention["owners"]),
    )


def _is_ours(item: dict[str, Any]) -> bool:
    return item.get("kind") == "ConfigMap" and {"evidence", "retention"} <= (item.get("data") or {}).keys()
