"""`idag`: the operator's command, one module a subcommand."""

from idag.cli.program import run

__all__ = ["run"]
