"""What events told of Previews and Workflows. Hints: each look reads anew what counts."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from . import admission, objects
from .model import Preview, Turn
from .queue import Limits

Object = dict[str, Any]


class Known:
    """Everything that is remembered; whose turn it is, is found out once for as long as nothing changes."""

    def __init__(self, template: str, limits: Limits) -> None:
        self._template, self._limits = template, limits
        self._previews: dict[str, Object] = {}
        # Of the previews that can be read.
        self._models: dict[str, Preview] = {}
        # By the Preview that they belong to, and by their own names.
        self._workflows: dict[str, dict[str, Object]] = {}
        self._of: dict[str, str] = {}
        self._row: admission.Row | None = None
        self._lock = threading.Lock()

    def remember(self, name: str, item: Object | None) -> Preview | None:
        """Remember a Preview, or that it is gone; return its model where it can be read."""
        with self._lock:
            self._row = None
            self._previews.pop(name, None)
            self._models.pop(name, None)
            if item is not None:
                self._previews[name] = item
                with contextlib.suppress(LookupError, TypeError, ValueError):
                    self._models[name] = objects.preview(item)
            return self._models.get(name)

    def items(self) -> list[tuple[str, Object]]:
        """Return every Preview by its name."""
        with self._lock:
            return list(self._previews.items())

    def item(self, name: str) -> Object | None:
        """Return one Preview."""
        with self._lock:
            return self._previews.get(name)

    def readable(self) -> list[Preview]:
        """Return the model of each Preview, but for those that the sweep names as unreadable."""
        with self._lock:
            return list(self._models.values())

    def workflow(self, name: str, item: Object | None) -> str:
        """Remember a Workflow, or that it is gone; return the Preview that it belongs to, if there is one."""
        with self._lock:
            before = self._of.get(name, "")
            of = objects.pull_request(item) if item else ""
            self._put(name, of, item)
            concerned = of or before
            return concerned if concerned in self._previews else ""

    def workflows(self, name: str) -> dict[str, Object]:
        """Return the Workflows of one Preview."""
        with self._lock:
            return dict(self._workflows.get(name, {}))

    def read(self, name: str, ours: dict[str, Object]) -> dict[str, Object]:
        """Return the Workflows of one Preview: `ours` as they were read now, a person's as they are remembered."""
        with self._lock:
            for key, each in list(self._workflows.get(name, {}).items()):
                if objects.ours(each) and key not in ours:
                    self._put(key, "", None)
            for key, each in ours.items():
                self._put(key, name, each)
            return dict(self._workflows.get(name, {}))

    def _put(self, name: str, of: str, item: Object | None) -> None:
        self._row = None
        if before := self._of.pop(name, ""):
            self._workflows[before].pop(name)
            if not self._workflows[before]:
                del self._workflows[before]
        if item is not None and of:
            self._of[name] = of
            self._workflows.setdefault(of, {})[name] = item

    def turn(self, preview: Preview) -> Turn:
        """Return whose turn it is, as far as is known here."""
        with self._lock:
            if self._row is None:
                workflows = [each for found in self._workflows.values() for each in found.values()]
                self._row = admission.Row(self._models.values(), workflows, self._template, self._limits)
            return self._row.turn(preview)
