"""What can go wrong in a render, in words for the person who called."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class RenderError(CommandError):
    """helm or kustomize refused the chart or the values; the text is the tool's own."""


class SuiteError(CommandError):
    """The chart, the cases or the overlays are not as the harness needs them; the message says what to change."""
