"""Running vegeta: two processes with bounded memory, no network use of their own, everything they saw in a stream."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from implementation_dag.acceptance.errors import AcceptanceError
from implementation_dag.acceptance.load import Load
from implementation_dag.acceptance.records import Record, read_records
from implementation_dag.acceptance.terminal import printable

# A redirect is an answer to be judged, never a way to another host.
REDIRECTS = -1
# Of the 512 MiB that the step's container has by default: a preview's answers must not end the step itself.
_ATTACK_BYTES, _ENCODE_BYTES = 256 * 1024 * 1024, 128 * 1024 * 1024
GRACE_SECONDS = 60.0
_MOST_MESSAGES = 1024 * 1024
# How Go ends where memory does, first of all that it says; what it tells of a server follows a date.
_OUT_OF_MEMORY = re.compile(r"^(fatal error: |SIGSEGV)", re.MULTILINE)
_MESSAGES_SHOWN = 5


@dataclass(frozen=True)
class Outcome:
    """What one load test saw, and how long it took in milliseconds."""

    records: tuple[Record, ...]
    duration_ms: float


def find(name: str) -> Path:
    """Return the path of the vegeta binary `name`, a name on PATH or a path, or raise AcceptanceError."""
    found = shutil.which(name)
    if found is None:
        raise AcceptanceError(
            f"VEGETA is {name!r}: there is no such program; our image has it at /usr/local/bin/vegeta"
        )
    return Path(found)


def version(vegeta: Path) -> str:
    """Return program and version, `vegeta v12.13.0`."""
    command = [str(vegeta), "-version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=_env(_ENCODE_BYTES))
    if done.returncode:
        raise AcceptanceError(f"{vegeta} -version ended with {done.returncode}: {printable(done.stderr)}")
    told = dict(line.partition(": ")[::2] for line in done.stdout.splitlines())
    return f"vegeta {told.get('Version', '')}".strip()


def run(vegeta: Path, load: Load, bundle: Path | None) -> Outcome:
    """Make the requests of `load` at its rate, whatever is answered. `bundle` (PEM) replaces the trusted authorities.

    What was not seen to end when all must have ended, or took more memory than there is, counts as not answered.
    Raises AcceptanceError when vegeta ends otherwise than by finishing the test.
    """
    start = time.monotonic()
    with ExitStack() as stack:
        targets = stack.enter_context(tempfile.TemporaryFile("w+"))
        messages = stack.enter_context(tempfile.TemporaryFile())
        targets.writelines(load.lines())
        targets.seek(0)
        attack = stack.enter_context(_Process(_attack(vegeta, load, bundle), targets, messages, _ATTACK_BYTES))
        results = attack.output
        encode = stack.enter_context(_Process([str(vegeta), "encode", "-to", "json"], results, messages, _ENCODE_BYTES))
        results.close()
        stopped = threading.Event()

        def stop() -> None:
            stopped.set()
            attack.kill()
            encode.kill()

        timer = threading.Timer(load.longest_seconds + GRACE_SECONDS, stop)
        timer.start()
        try:
            records, recorded = read_records(encode.output, load)
            codes = [attack.wait(), encode.wait()]
        finally:
            timer.cancel()
        said = _said(messages)
    failed = [code for code in codes if code]
    if failed and not stopped.is_set() and not _OUT_OF_MEMORY.search(said):
        raise AcceptanceError(_why(failed[0], said))
    if not failed and not recorded:
        raise AcceptanceError("vegeta told of no request: it is of another version")
    return Outcome(tuple(records), (time.monotonic() - start) * 1000)


class _Process(subprocess.Popen[bytes]):
    """A program that may use `most` bytes of memory; it ends with its context."""

    def __init__(self, command: list[str], stdin: IO[Any], messages: IO[bytes], most: int) -> None:
        super().__init__(command, stdin=stdin, stdout=subprocess.PIPE, stderr=messages, env=_env(most))
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (most, most))

    @property
    def output(self) -> IO[bytes]:
        """What it writes."""
        return cast(IO[bytes], self.stdout)

    def __exit__(self, *given: Any) -> None:
        self.kill()
        super().__exit__(*given)


def _attack(vegeta: Path, load: Load, bundle: Path | None) -> list[str]:
    settings = load.settings
    return [
        str(vegeta), "attack", "-format=json", "-lazy", f"-rate={load.rate}/1s", f"-max-workers={load.under_way}",
        f"-timeout={settings.timeout_seconds}s", f"-redirects={REDIRECTS}", f"-max-body={settings.body_limit_bytes}B",
        # Its cache of addresses is not made for several requests at once.
        "-dns-ttl=-1",
        # Without it, Go asks for gzip and unpacks what comes.
        "-header=Accept-Encoding: identity", f"-header=User-Agent: {settings.user_agent}",
        *([f"-root-certs={bundle}"] if bundle else []),
    ]  # fmt: skip


def _said(messages: IO[bytes]) -> str:
    messages.seek(0)
    return messages.read(_MOST_MESSAGES).decode(errors="replace")


def _why(code: int, said: str) -> str:
    ended = f"vegeta was killed by signal {-code}" if code < 0 else f"vegeta ended with exit code {code}"
    last = said.splitlines()[-_MESSAGES_SHOWN:]
    return f"{ended}; its last messages: {printable(' | '.join(last), 1500) or 'none'}"


def _env(most: int) -> dict[str, str]:
    # Nothing else of our environment: no proxies, no credentials. Go collects harder before it comes to its bound.
    return {"PATH": os.environ.get("PATH", os.defpath), "GOMEMLIMIT": str(most * 5 // 8)}
