"""The part of a chart that is measured: all of it, or what names name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scripts.chart.coverage.blocks import Template
from scripts.chart.coverage.errors import CoverageError
from scripts.chart.coverage.mutants import Mutant
from scripts.chart.coverage.values import Values, dotted


@dataclass(frozen=True)
class Part:
    """What lies at or below one of the names: a template or folder (templates/forge), or values (forge.limits)."""

    names: Sequence[str] = ()

    def check(self, templates: Sequence[Template], values: Values) -> None:
        """Raise CoverageError for a name that is of nothing in the chart."""
        for name in self.names:
            one = Part([name])
            if not one.templates(templates) and not one.values(values).keys:
                raise CoverageError(f"--only has {name!r}: the chart has no such template, folder of them, or value")

    def templates(self, templates: Sequence[Template]) -> list[Template]:
        """Those that are named."""
        return [template for template in templates if self._has(template.name, "/")]

    def values(self, values: Values) -> Values:
        """The values with those keys only that are named."""
        return replace(values, keys=tuple(key for key in values.keys if self._has(dotted(key), ".")))

    def mutant(self, mutant: Mutant) -> bool:
        """Whether it changes a template that is named, or a default or a use of a value that is."""
        return self._has(mutant.file, "/") or self._has(dotted(mutant.value), ".")

    def _has(self, what: str, gap: str) -> bool:
        return not self.names or any(what == name or what.startswith(f"{name.rstrip(gap)}{gap}") for name in self.names)
