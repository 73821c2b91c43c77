"""Short tables that a step hands on as an output parameter: figures of acceptance, findings of agents.

They stand in the Workflow's status, which is of bounded size, and what they say may come from the pull request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

# Below what workflow_status reads of a value; a table that was cut would be none.
LIMIT = 1800
_CELL_LIMIT = 200
Cell = str | int


def written(rows: Iterable[Sequence[Cell]]) -> str:
    """Return as many rows as there is room for, the first ones."""
    found: list[str] = []
    size = len("[]")
    for row in rows:
        text = json.dumps([cell[:_CELL_LIMIT] if isinstance(cell, str) else cell for cell in row])
        size += len(text) + len(", ")
        if size > LIMIT:
            break
        found.append(text)
    return f"[{', '.join(found)}]"


def read(text: str, *kinds: type[Cell]) -> list[tuple[Cell, ...]]:
    """Return the rows whose cells are of these kinds: others come from a step that was not ours."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    rows = [row for row in found if isinstance(row, list)] if isinstance(found, list) else []
    return [tuple(row) for row in rows if [type(cell) for cell in row] == list(kinds)]
