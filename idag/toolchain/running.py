"""Run a long command with its output in a log file and a sign of life to its caller."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from idag.toolchain.errors import ToolError

_LOOK_SECONDS = 0.5
_LAST_LINES = 15


def run_logged(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: Path,
    alive: Callable[[float], None],
) -> None:
    """Run the command, appending its output to `log`; call `alive(seconds)` again and again.

    Raises ToolError with the log's last lines when the command fails. The command ends with us, or when `alive` raises.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log.open("a", encoding="utf-8") as output:
        output.write(f"$ {' '.join(map(str, command))}\n")
        output.flush()
        process = subprocess.Popen(command, cwd=cwd, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    code = process.wait(timeout=_LOOK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    alive(time.monotonic() - start)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        tail = "\n".join(f"    {line}" for line in lines)
        raise ToolError(f"{command[0]} ended with code {code}; the end of {log}:\n{tail}")
