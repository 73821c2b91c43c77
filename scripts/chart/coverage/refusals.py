"""Values that the chart must refuse: cases whose render is an error with a given text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from idag.render import NEWEST, Case, RenderError, Suite
from idag.render.cases import DEFAULT, find_cases
from scripts.chart.coverage.errors import CoverageError

_TOLD = re.compile(r"^# refused: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Refusal:
    """A case and the text that must stand in the error of its render."""

    case: Case
    told: str

    def error(self, suite: Suite) -> str | None:
        """What helm says when the suite's chart is rendered for the case; None when it renders."""
        try:
            suite.render(self.case, NEWEST)
        except RenderError as error:
            return str(error)
        return None

    def holds(self, suite: Suite) -> bool:
        """Whether the suite's chart refuses the case with the text."""
        return self.told in (self.error(suite) or "")


def read(folder: Path) -> list[Refusal]:
    """Return the refusals in the folder's values files, each with a comment `# refused: TEXT`. Raises CoverageError."""
    found = []
    for name, case in find_cases(folder).items():
        if name != DEFAULT:
            told = _TOLD.search(case.values[-1].read_text(encoding="utf-8"))
            if not told:
                raise CoverageError(f"{case.values[-1]}: a comment `# refused: TEXT` is needed, the text of the error")
            found.append(Refusal(case, told[1].strip()))
    return found
