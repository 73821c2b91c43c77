"""A controller that never stops looking: each event, and the passing of time, is a reason to look once more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from lightkube import ApiError

# What no event tells, graces and times to live, is found by looking this often, in seconds.
INTERVAL = 2.0
# So many objects are looked at at once; the others wait their turn.
AT_ONCE = 8
# The others do not wait longer than this for the look at one object; each call of it ends by itself after seconds.
LOOK_SECONDS = 60.0
# Without a look at all objects for so long, the controller is not alive any more. An API server restarts in less.
STALLED_SECONDS = 300.0

Object = dict[str, Any]


class Stalled(Exception):
    """No look at all objects of a kind has ended for too long."""


class Sweep:
    """Looks at the objects of one kind, one look at a time for each; no error of one ends the looking.

    Neither finalizers nor annotations are needed for that: without the controller an object can still be deleted.
    """

    def __init__(
        self,
        kind: str,
        look: Callable[[str], None],
        known: Callable[[], Iterable[tuple[str, Object]]],
        due: Callable[[str, Object], bool],
    ) -> None:
        """`look` brings the object of that name a step on; `due`: whether a `known` one has something to wait for."""
        self.kind, self._look, self._known, self._due = kind, look, known, due
        self._log = logging.getLogger(kind.lower())
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=kind)
        # The looks that go on; and the names that are to be looked at once more after theirs.
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._complete = time.monotonic()
        self.faults = 0

    async def look(self, name: str) -> bool:
        """Look at one object now; once more when it is being looked at already. False: that takes too long."""
        if name in self._busy:
            self._again.add(name)
            task = self._busy[name]
        else:
            task = self._busy[name] = asyncio.create_task(self._looks(name))
        done, _ = await asyncio.wait({task}, timeout=LOOK_SECONDS)
        if not done:
            self.faults += 1
            self._log.warning("%s %s: a look takes more than %.0f s; the others go on", self.kind, name, LOOK_SECONDS)
        return bool(done)

    async def _looks(self, name: str) -> None:
        try:
            self._again.add(name)
            while name in self._again:
                self._again.discard(name)
                await self._once(name)
        finally:
            del self._busy[name]

    async def _once(self, name: str) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._look, name)
        except (ApiError, httpx2.HTTPError) as error:
            # Not lost: the next sweep looks again.
            if isinstance(error, ApiError) and error.status.code in (404, 409):
                self._log.debug("%s %s: another replica was first: %s", self.kind, name, error)
            else:
                self.faults += 1
                words = "the API server did not do its part, looking again soon"
                self._log.warning("%s %s: %s: %s", self.kind, name, words, error)
        except Exception:
            self.faults += 1
            self._log.exception("%s %s: a fault of ours; the others go on", self.kind, name)

    def waiting(self) -> list[str]:
        """Name the objects that have something to wait for. Raises what listing them does."""
        return [name for name, item in self._known() if self._is_due(name, item)]

    def _is_due(self, name: str, item: Object) -> bool:
        try:
            return self._due(name, item)
        except Exception:
            # A newer version of ours wrote it, for example.
            self.faults += 1
            self._log.exception("%s %s: it cannot be read, a fault of ours; the others go on", self.kind, name)
            return False

    async def forever(self) -> None:
        """Look at every object that has something to wait for, again and again."""
        while True:
            try:
                names = await asyncio.to_thread(self.waiting)
                if all(await asyncio.gather(*map(self.look, names))):
                    self._complete = time.monotonic()
            except (ApiError, httpx2.HTTPError) as error:
                self.faults += 1
                self._log.warning("cannot list %ss, trying again: %s", self.kind, error)
            except Exception:
                self.faults += 1
                self._log.exception("a fault of ours; looking again")
            await asyncio.sleep(INTERVAL)

    def health(self) -> dict[str, float]:
        """Say how long ago the last look at all objects ended, and how many went wrong. Raises Stalled."""
        age = time.monotonic() - self._complete
        if age > STALLED_SECONDS:
            raise Stalled(f"no look at all {self.kind}s has ended for {age:.0f} s; {self.faults} went wrong")
        return {"secondsSinceLastCompleteLook": round(age, 1), "faults": self.faults}
