"""`python -m idag` is the command idag."""

import sys

from idag.cli import run


def main() -> None:
    """End the process as the command ends."""
    sys.exit(run())


if __name__ == "__main__":
    main()
