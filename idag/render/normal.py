"""Replace what changes without meaning: versions in labels, checksums, and what a chart makes up at each render."""

from __future__ import annotations

import re
from typing import Any

_VERSIONED = {"app.kubernetes.io/version", "helm.sh/chart"}
_CHECKSUM = re.compile(r"(.*/)?checksum([/.-].*)?|.*[/.-]checksum")
RANDOM = "(random)"


def normalised(item: Any) -> Any:
    """Return a copy with VERSION in version labels and CHECKSUM in checksum annotations, wherever they stand."""
    if isinstance(item, dict):
        return {
            key: _metadata(value) if key in ("labels", "annotations") and isinstance(value, dict) else normalised(value)
            for key, value in item.items()
        }
    if isinstance(item, list):
        return [normalised(value) for value in item]
    return item


def _metadata(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _fixed(key, value) for key, value in values.items()}


def _fixed(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if key in _VERSIONED:
        return re.sub(r"v?\d+\.\d+.*", "VERSION", value)
    return "CHECKSUM" if _CHECKSUM.fullmatch(key) else value


def without_random(item: Any, first: Any, second: Any) -> Any:
    """Return `item` with RANDOM where two renders of the same inputs, `first` and `second`, differ."""
    if first is second or first == second:
        return item
    if isinstance(first, dict) and isinstance(second, dict) and isinstance(item, dict):
        return {key: without_random(value, first.get(key), second.get(key)) for key, value in item.items()}
    lists = isinstance(first, list) and isinstance(second, list) and isinstance(item, list)
    if lists and len(first) == len(second) == len(item):
        return [without_random(*values) for values in zip(item, first, second, strict=True)]
    return RANDOM
