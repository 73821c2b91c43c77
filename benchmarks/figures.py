"""Where measurements of lifecycles stand together: each writes its own figures beside those of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LIFECYCLE = Path(__file__).parents[1] / "out" / "bench" / "lifecycle.json"


def record(found: dict[str, Any]) -> None:
    """Add figures to out/bench/lifecycle.json; those of the same name are replaced."""
    LIFECYCLE.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(LIFECYCLE.read_text()) if LIFECYCLE.is_file() else {}
    LIFECYCLE.write_text(json.dumps(before | found, indent=2) + "\n")
