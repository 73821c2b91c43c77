"""Run helm: its output goes to the log as it comes, and a watcher may end it early."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO, cast

from implementation_dag.base import proxy
from implementation_dag.base.log import say

STOP_GRACE_SECONDS = 20
KEPT_LINES = 40
LINE_LIMIT = 16 * 1024


def environment() -> dict[str, str]:
    """Return helm's environment: plugins and caches only in the pod's scratch space."""
    home = "/tmp/helm"  # noqa: S108 -- an emptyDir of the pod
    kept = {
        key: os.environ[key]
        for key in os.environ
        if key in ("PATH", "SSL_CERT_FILE", "KUBECONFIG") or key.startswith("KUBERNETES_")
    }
    return kept | {
        "HOME": home,
        "HELM_CACHE_HOME": f"{home}/cache",
        "HELM_CONFIG_HOME": f"{home}/config",
        "HELM_DATA_HOME": f"{home}/data",
        "HELM_PLUGINS": f"{home}/no-plugins",
    }


def capture(*arguments: str) -> str:
    """Return the output of a short helm command, or its error in words."""
    done = subprocess.run(
        ["helm", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        env=environment(),
        check=False,
        timeout=60,
    )
    return done.stdout if done.returncode == 0 else f"helm {arguments[0]} failed: {done.stderr.strip()}\n"


def run(
    arguments: list[str], trouble: Callable[[], str | None] = lambda: None, *, outside: bool = False
) -> tuple[int, str]:
    """Run helm to its end, asking `trouble` every second; words from it end helm at once.

    `outside`: it fetches charts, by the proxy that values name.
    Returns the exit code and helm's last words, or -1 and the trouble.
    """
    say("helm " + " ".join(arguments))
    process = subprocess.Popen(
        ["helm", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment() | (proxy.environment() if outside else {}),
    )
    lines: list[str] = []

    def follow() -> None:
        for line in _lines(cast(TextIO, process.stdout)):
            say(line)
            lines.append(line)
            del lines[:-KEPT_LINES]

    reader = threading.Thread(target=follow)
    reader.start()
    found = None
    try:
        while process.poll() is None:
            if found := trouble():
                say(f"ending helm: {found}")
                break
            time.sleep(1)
    finally:
        # Whatever happened: no helm goes on behind our back.
        end(process)
        reader.join()
    if found:
        return -1, found
    return process.returncode, last_words(lines)


def end(process: subprocess.Popen[str]) -> None:
    """End the process if it still runs, with a moment to release what it holds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _lines(stream: TextIO) -> Iterator[str]:
    """Yield the beginning of each line: a chart may fail with a message of any size."""
    begins = True
    while piece := stream.readline(LINE_LIMIT):
        if begins:
            yield piece.rstrip()
        begins = piece.endswith("\n")


def last_words(lines: list[str]) -> str:
    """Return helm's error, which may have several lines, as one; without one the last line."""
    starts = [index for index, line in enumerate(lines) if line.startswith("Error:")]
    words = lines[starts[-1] :] if starts else lines[-1:]
    return " ".join(line.strip() for line in words if line.strip()) or "no output"
