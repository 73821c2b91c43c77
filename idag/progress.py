"""Progress lines with elapsed time, the one way in which our commands say what they are doing."""

from __future__ import annotations

import sys
import time


class Progress:
    """Print lines such as ``[cluster   12.3s] etcd is ready`` to stderr, timed from construction."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since construction."""
        return time.monotonic() - self._start

    def __call__(self, message: str) -> None:
        print(f"[{self.subject} {self.elapsed:6.1f}s] {message}", file=sys.stderr, flush=True)
