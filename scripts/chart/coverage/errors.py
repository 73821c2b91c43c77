"""What can go wrong in a measurement, in words for the person who called."""

from __future__ import annotations


class CoverageError(Exception):
    """Nothing could be measured; the message says why and what to do."""
