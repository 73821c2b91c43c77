"""Steps of the test workflow: the first leaves a file that Argo uploads, the second gets it back from the bucket."""

from __future__ import annotations

import os
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say

FOLDER = Path("/artifacts")


def path() -> Path:
    """Return the file; PROBE names another."""
    return Path(os.environ.get("PROBE", FOLDER / "probe.txt"))


def write() -> int:
    """Write this run's identity (WORKFLOW_UID)."""
    path().write_text(os.environ["WORKFLOW_UID"])
    say(f"wrote {path()}")
    return 0


def read() -> int:
    """Compare the file with this run's identity. Raises StepError when it is another's."""
    found, wanted = path().read_text(), os.environ["WORKFLOW_UID"]
    if found != wanted:
        raise StepError(
            f"the bucket gave {found!r} where {wanted!r} was written a moment ago: is it versioned or cached?"
        )
    say("the bucket gave back what was written")
    return 0
