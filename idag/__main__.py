"""`python -m idag` is the command idag."""

import sys


def main() -> None:
    """End the process as the command ends."""
    try:
        # Most of a short command's time: an interruption meanwhile is told as any other.
        from idag.cli import run

        code = run()
    except KeyboardInterrupt:
        print("idag: interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
