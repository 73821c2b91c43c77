"""What can go wrong in a measurement, in words for the person who called."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class CoverageError(CommandError):
    """Nothing could be measured; the message says why and what to do."""
