"""What can go wrong with the schemas themselves, in words for the person who called."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class SchemaError(CommandError):
    """A schema cannot be had, made or trusted; the message says which, why and what to do."""
