"""What the controller's health endpoint answers: how long ago each sweep last looked at all its objects."""

from __future__ import annotations

from typing import Any

import kopf

from .sweep import Stalled, Sweep


def tell(sweep: Sweep, registry: kopf.OperatorRegistry | None = None) -> None:
    """Let the endpoint answer with what the sweep says, and with 500 when it does not look any more."""

    @kopf.on.probe(id=sweep.kind, registry=registry)
    async def health(**_: Any) -> dict[str, float]:
        try:
            return sweep.health()
        except Stalled as error:
            # Any other error kopf would try again before it answers.
            raise kopf.PermanentError(str(error)) from error
