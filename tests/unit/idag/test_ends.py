"""How the process ends where nobody reads what it prints, or somebody interrupts it as it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

IDAG = [sys.executable, "-m", "idag"]


@pytest.mark.parametrize("arguments", [["--help"], ["lint", "--list"], ["lint", "--help"], ["--version"]])
def test_where_nobody_reads_it_could_not_be_done(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*IDAG, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("arguments", [["--help"], ["lint", "--list"]])
def test_a_closed_standard_output_is_told(arguments: list[str]) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *IDAG, *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "idag: standard output is closed\n")


def test_an_interruption_while_it_is_loaded_is_told() -> None:
    # What is imported last of all says that it is, and waits.
    begun = "import sys, time, types; print('begun', flush=True); time.sleep(60)"
    code = (
        "import builtins, sys, idag.__main__ as command\n"
        "real = builtins.__import__\n"
        f"def slow(name, *given, **named):\n    if name == 'idag.cli':\n        {begun}\n"
        "    return real(name, *given, **named)\n"
        "builtins.__import__ = slow\n"
        "command.main()\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background ignores it, and so would whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert started.stdout
    assert started.stdout.readline() == "begun\n"
    time.sleep(0.1)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=30)
    assert (started.returncode, errors) == (130, "idag: interrupted\n")
