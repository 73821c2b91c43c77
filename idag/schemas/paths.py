"""Say where in an object something is: `spec.templates[deploy].container.env[NS].value`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def describe(root: Any, path: Iterable[str | int]) -> str:
    """Write the path; an item of a list goes by its name where it has one."""
    text, node = "", root
    for step in path:
        if isinstance(step, int):
            node = node[step]
            name = node.get("name") if isinstance(node, dict) else None
            text += f"[{name if isinstance(name, str) else step}]"
        else:
            node = node.get(step) if isinstance(node, dict) else None
            text += f".{step}" if text else step
    return text
