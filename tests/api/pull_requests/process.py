"""Controller and receiver as processes that may be killed and begun again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

from implementation_dag.base import metrics, wait
from scripts.lab import ports

ROOT = Path(__file__).parents[3]
# Far more than anything takes here: on a busy machine nothing fails for its speed.
PATIENCE_SECONDS = 180


class Process:
    """One of our processes."""

    def __init__(self, command: str, env: dict[str, str], log: Path, module: str = "implementation_dag") -> None:
        """Nothing runs yet; `command` is that of the image, or of a `module` that is alike. It writes to `log`."""
        self.command, self.log, self._module = command, log, module
        self.port, self.metrics = ports.free(), ports.free()
        ways = {"PORT": str(self.port), metrics.PORT: str(self.metrics)}
        self._env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'runtime'}", **ways, **env}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: bool = True) -> None:
        """Begin; wait until it answers."""
        with self.log.open("ab") as log:
            arguments = [sys.executable, "-m", self._module, self.command]
            self._process = subprocess.Popen(arguments, env=self._env, stdout=log, stderr=log)
        if ready:
            until(self._answers, lambda: self.log.read_text()[-2000:])

    def _answers(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        return False

    def kill(self) -> None:
        """End it as a lost node does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def told(url: str = "", repositories: Sequence[str] = (), **changed: Any) -> str:
    """Return what the chart writes into FORGE: of the Gitea at `url`, or of none."""
    return json.dumps(
        {
            "kind": "gitea" if url else "none",
            "apiUrl": f"{url}/api/v1" if url else "",
            "repositories": repositories,
            "gates": {"labels": [], "drafts": False, "paths": [], "agents": []},
            "limits": {"runs": 0, "runsPerRepository": 0, "extendHours": 168},
            "priced": False,
            "room": {"previews": 0, "takes": ""},
            "pollSeconds": 60,
            "callsPerHour": 100000,
            "evidenceUrl": "",
            "evidenceRegion": "us-east-1",
            "evidenceLinkDays": 7,
            "ttlHours": 24,
            "onFailure": "request-changes",
        }
        | changed
    )


def until(holds: Callable[[], Any], words: Callable[[], Any] = lambda: "") -> Any:
    """Wait until it holds, and return it."""
    found = wait.until(holds, PATIENCE_SECONDS, 0.1)
    assert found, f"not within {PATIENCE_SECONDS} s: {words()}"
    return found
