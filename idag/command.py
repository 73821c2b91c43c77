"""What surrounds the work of every command: whatever goes wrong outside it ends in one line and the exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from implementation_dag.base.errors import CommandError
from implementation_dag.base.log import clean

Given = ParamSpec("Given")


def ends_in_words(
    program: str, code: int = 2, interrupted: str = "interrupted"
) -> Callable[[Callable[Given, int]], Callable[Given, int]]:
    """Let `main` tell what cannot be done, read or written as `program: what`, and return `code`.

    An interruption is told as `program: interrupted`, and the code is a shell's, 130.

    A full disk, a missing right or a folder in a file's place is an OSError wherever it comes up.
    """

    def decorate(main: Callable[Given, int]) -> Callable[Given, int]:
        @wraps(main)
        def told(*arguments: Given.args, **named: Given.kwargs) -> int:
            if sys.stdout is None:
                print(f"{program}: standard output is closed", file=sys.stderr)
                return code
            _print_anything()
            try:
                done = main(*arguments, **named)
                sys.stdout.flush()
            except (CommandError, OSError) as error:
                if not isinstance(error, BrokenPipeError):
                    print(f"{program}: {_words(error)}", file=sys.stderr)
                _drop_output()
                return code
            except KeyboardInterrupt:
                print(f"{program}: {interrupted}", file=sys.stderr)
                return 130
            return done

        return told

    return decorate


def _drop_output() -> None:
    """Python flushes once more at its end, and complains again when nobody reads or the disk is full."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return clean(str(error))


def _print_anything() -> None:
    """Write what a terminal's encoding lacks as an escape, instead of ending with a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
