"""Files that the command carries with it: in the installed package, or where the checkout has them."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def folder(installed: str, checkout: str) -> Path:
    """Return the folder `installed` of the package; in a checkout nothing is copied, and it is `checkout`."""
    packed = _PACKAGE / installed
    return packed if packed.is_dir() else _CHECKOUT / checkout


# The pinned tools: pins.toml, and the modules of those that are built.
TOOLS = folder("tools", "tools")
# Strict schemas of other people's kinds.
SCHEMAS = TOOLS / "schemas"
# Our own kinds.
CRDS = folder("crds", "charts/implementation-dag/crds")
