"""Our commands with shorter pauses: `python -m tests.api.pull_requests.hurried COMMAND`. Ten minutes pass in 15 s."""

from __future__ import annotations

import sys

from implementation_dag.__main__ import main
from implementation_dag.base import sweep
from implementation_dag.forge.http import Caller
from implementation_dag.pull_requests import decide, patience

FASTER = 40


def hurry() -> None:
    """Divide pauses; an answer and the next look get somewhat longer, as the machine is busy."""
    patience.FIRST_SILENCE_SECONDS /= FASTER
    patience.LONGEST_SILENCE_SECONDS /= FASTER
    patience.LONGEST_PAUSE_SECONDS /= FASTER
    Caller.__init__.__kwdefaults__ = (Caller.__init__.__kwdefaults__ or {}) | {"seconds": 3.0}
    sweep.INTERVAL = 0.25
    decide.LATE /= FASTER


if __name__ == "__main__":
    hurry()
    sys.exit(main(sys.argv[1:]))
