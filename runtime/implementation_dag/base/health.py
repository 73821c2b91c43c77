"""What the controller's health endpoint answers: how long ago each sweep last looked at all its objects."""

from __future__ import annotations

from typing import Any, Protocol

import kopf

from .sweep import Stalled


class Looking(Protocol):
    """Something that looks again and again: a sweep, or the reaper."""

    kind: str

    async def forever(self) -> None:
        """Look until it is cancelled."""

    def health(self) -> dict[str, float]:
        """Say how long ago the last look ended, and how many went wrong. Raises Stalled."""


def tell(sweep: Looking, registry: kopf.OperatorRegistry | None = None) -> None:
    """Let the endpoint answer with what the sweep says, and with 500 when it does not look any more."""

    @kopf.on.probe(id=sweep.kind, registry=registry)
    async def health(**_: Any) -> dict[str, float]:
        try:
            return sweep.health()
        except Stalled as error:
            # Any other error kopf would try again before it answers.
            raise kopf.PermanentError(str(error)) from error
