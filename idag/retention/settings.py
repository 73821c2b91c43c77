"""What a release wants of its bucket, from the ConfigMap <release>-artifacts of its manifest."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from idag.render.manifests import load, load_all
from idag.render.objects import Manifest
from idag.retention.errors import RetentionError
from idag.yaml_reader import InputError

Value = TypeVar("Value")

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
    except InputError as error:
        raise RetentionError(f"the manifest is not YAML: {error}") from None
    found = [item for item in documents if isinstance(item, dict) and _is_ours(item)]
    if len(found) != 1:
        names = ", ".join(Manifest(item).address for item in found) or "none"
        raise RetentionError(
            f"the manifest must hold one ConfigMap <release>-artifacts with the keys evidence and retention; it has "
            f"{names}. It is rendered when evidence.s3.bucket is set, by charts of 0.2.0 and later"
        )
    (item,) = found
    evidence, retention = (_part(item, key) for key in ("evidence", "retention"))
    s3 = evidence.get("s3")
    if not isinstance(s3, dict):
        raise RetentionError(f"{Manifest(item).address}: data.evidence has no s3")
    return Settings(
        _value(retention, "retention.release", str),
        str(item["metadata"].get("namespace") or "default"),
        _value(s3, "evidence.s3.endpoint", str),
        _value(s3, "evidence.s3.bucket", str),
        _value(s3, "evidence.s3.region", str),
        _value(s3, "evidence.s3.insecure", bool),
        _value(retention, "retention.evidenceDays", int),
        _value(retention, "retention.logsDays", int),
        tuple(map(str, _value(retention, "retention.owners", list))),
    )


def _part(item: dict[str, Any], key: str) -> dict[str, Any]:
    where = f"{Manifest(item).address}: data.{key}"
    try:
        found = load(str(item["data"][key]), where)
    except InputError as error:
        raise RetentionError(str(error)) from None
    if not isinstance(found, dict):
        raise RetentionError(f"{where} is {found!r:.80}, a mapping is needed")
    return found


def _value(part: dict[str, Any], name: str, kind: type[Value]) -> Value:
    found = part.get(name.rpartition(".")[2])
    if not isinstance(found, kind):
        raise RetentionError(f"data.{name} is {found!r:.80}, {kind.__name__} is needed")
    return found


def _is_ours(item: dict[str, Any]) -> bool:
    named = isinstance(item.get("metadata"), dict) and isinstance(item["metadata"].get("name"), str)
    return item.get("kind") == "ConfigMap" and named and {"evidence", "retention"} <= set(item.get("data") or ())
