"""A controller that never stops looking: each event, and the passing of time, is a reason to look once more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import httpx2
from lightkube import ApiError

# What no event tells, graces and times to live, is found by looking this often, in seconds.
INTERVAL = 2.0


class Sweep:
    """Looks at the objects of one kind, one look at a time for each; no error of one ends the looking.

    Neither finalizers nor annotations are needed for that: without the controller an object can still be deleted.
    """

    def __init__(self, kind: str, look: Callable[[str], None], waiting: Callable[[], Iterable[str]]) -> None:
        """`look` brings the object of that name a step on; `waiting` names those that have something to wait for."""
        self._kind, self._look, self._waiting = kind, look, waiting
        self._log = logging.getLogger(kind.lower())
        self._busy: set[str] = set()
        self._again: set[str] = set()

    async def look(self, name: str) -> None:
        """Look at one object now; once more when it is being looked at already."""
        if name in self._busy:
            self._again.add(name)
            return
        self._busy.add(name)
        try:
            self._again.add(name)
            while name in self._again:
                self._again.discard(name)
                await self._once(name)
        finally:
            self._busy.discard(name)

    async def _once(self, name: str) -> None:
        try:
            await asyncio.to_thread(self._look, name)
        except (ApiError, httpx2.HTTPError) as error:
            # Not lost: the next sweep looks again.
            if isinstance(error, ApiError) and error.status.code in (404, 409):
                self._log.debug("%s %s: another replica was first: %s", self._kind, name, error)
            else:
                words = "the API server did not do its part, looking again soon"
                self._log.warning("%s %s: %s: %s", self._kind, name, words, error)
        except Exception:
            self._log.exception("%s %s: a fault of ours; the others go on", self._kind, name)

    async def forever(self) -> None:
        """Look at every object that has something to wait for, again and again."""
        while True:
            try:
                for name in await asyncio.to_thread(lambda: list(self._waiting())):
                    await self.look(name)
            except (ApiError, httpx2.HTTPError) as error:
                self._log.warning("cannot list %ss, trying again: %s", self._kind, error)
            except Exception:
                self._log.exception("a fault of ours; looking again")
            await asyncio.sleep(INTERVAL)
