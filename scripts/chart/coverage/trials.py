"""Render changed copies of a chart for its cases and say where the change shows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from idag.render import NEWEST, TARGETS, Case, Object, Objects, RenderError, Suite, Target
from idag.render.normal import normalised, without_random
from idag.render.random_names import RandomNames
from scripts.chart.coverage.refusals import Refusal


class Situation(NamedTuple):
    """A case and the versions it is rendered for."""

    case: Case
    target: Target

    def __str__(self) -> str:
        return f"{self.case.name} ({self.target})"

    def error(self, suite: Suite) -> str | None:
        """What helm says when the suite's chart cannot be rendered; None when it can."""
        try:
            suite.render(self.case, self.target)
        except RenderError as error:
            return str(error)
        return None


class Trials:
    """The cases of a suite, rendered as they are and with changes. Overlays are left out: they bring their own chart.

    Every case is rendered for the newest target, and for the oldest one too where the newest shows nothing. A change
    shows where the snapshots would: version labels, checksums and what a chart makes up at each render do not count.
    """

    def __init__(self, suite: Suite, refusals: Sequence[Refusal] = ()) -> None:
        self.suite = suite
        self.refusals = refusals
        self.cases = {name: case for name, case in suite.cases.items() if not case.overlay}

    @cached_property
    def situations(self) -> list[Situation]:
        """Every case for the newest target, then for the oldest; the case that renders most comes first."""

        def size(case: Case) -> int:
            return sum(len(str(manifest.data)) for manifest in self._before[Situation(case, NEWEST)].values())

        # It notices most changes, and what has been noticed is rendered no further.
        cases = sorted(self.cases.values(), key=size, reverse=True)
        return [Situation(case, target) for target in (NEWEST, TARGETS[0]) for case in cases]

    @cached_property
    def _before(self) -> dict[Situation, Objects]:
        renders = self.suite.renders(self.cases, (NEWEST, TARGETS[0]))
        return {Situation(render.case, render.target): render.objects for render in renders}

    @cached_property
    def _again(self) -> dict[Situation, Objects]:
        """A second render of everything: where it differs, the chart makes things up."""
        return {
            situation: self.suite.render(situation.case, situation.target, sample=1).objects
            for situation in self.situations
        }

    @contextmanager
    def changed(self, edits: Mapping[str, str]) -> Iterator[Suite]:
        """Give the suite of a copy of the chart in which some files (path in the chart: text) are others."""
        with tempfile.TemporaryDirectory() as folder:
            chart = Path(folder) / self.suite.chart.name
            shutil.copytree(self.suite.chart, chart)
            for name, text in edits.items():
                (chart / name).write_text(text, encoding="utf-8")
            yield replace(self.suite, chart=chart, cache=self.suite.cache.fork())

    def shown(self, edits: Mapping[str, str]) -> str | None:
        """The first situation in which the objects are not as before, or helm refuses.

        Or the first refusal that does not hold; None when there is none.
        """
        with self.changed(edits) as suite:
            for situation in self.situations:
                if self._differs(suite, situation):
                    return str(situation)
            return next((refusal.case.name for refusal in self.refusals if not refusal.holds(suite)), None)

    def matters(self, situation: Situation, values: Mapping[str, Any]) -> bool:
        """Whether these values on top of the case's own change what is rendered."""
        return self._differs(replace(self.suite, cache=self.suite.cache.fork()), situation, values)

    def _differs(self, suite: Suite, situation: Situation, values: Mapping[str, Any] | None = None) -> bool:
        try:
            render = suite.render(situation.case, situation.target, values)
        except RenderError:
            return True
        names = RandomNames(self._before[situation], self._again[situation])
        now, before, again = map(names.objects, (render.objects, self._before[situation], self._again[situation]))
        if now.keys() != before.keys():
            return True
        return any(
            item != before[address]
            and _steady(item, before[address], again[address])
            != _steady(before[address], before[address], again[address])
            for address, item in now.items()
        )


def _steady(item: Object, first: Object, second: Object) -> Any:
    """The object as snapshots keep it."""
    return without_random(normalised(item), normalised(first), normalised(second))
