"""The two files that the archive of the Argo Workflows module lacks and a build needs."""

from __future__ import annotations

from pathlib import Path

from idag.toolchain.errors import ToolError

_SIGNALS = "workflow/executor/osspecific/signal_{}.go"
_WEB_PAGE = "ui/dist/app/index.html"
_PLACEHOLDER = b"<!doctype html><title>Argo Workflows</title><p>Built without the web interface.\n"


def missing_files(module: Path) -> dict[str, bytes]:
    """Map path in the module to content. Raises ToolError when the module is not laid out as expected."""
    darwin = module / _SIGNALS.format("darwin")
    if not darwin.is_file():
        raise ToolError(f"argo-workflows: {darwin} is missing: this version needs another preparation")
    # In the repository the Linux file is a symbolic link to the Darwin one; module archives drop links.
    return {_SIGNALS.format("linux"): darwin.read_bytes(), _WEB_PAGE: _PLACEHOLDER}
