"""What can go wrong with a pinned tool, in words for the person who called."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class ToolError(CommandError):
    """A pinned tool cannot be had; the message says why and what to do."""


class PinError(ToolError):
    """tools/pins.toml says something that is not allowed."""


class ToolMissing(ToolError):
    """The tool is pinned but has not been built or fetched yet."""
