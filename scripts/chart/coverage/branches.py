"""Which arms of the templates' decisions the cases reach.

Each arm gets an action that makes helm fail with the arm's number. It works wherever the arm stands, in a definition
whose text is read by a function as well, because nothing is added to what is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from idag.render import RenderError, Suite
from scripts.chart.coverage.blocks import Arm, Block, Template
from scripts.chart.coverage.references import section
from scripts.chart.coverage.trials import Trials
from scripts.chart.coverage.values import Values

_MARK = "chart-coverage:{}:"
_MARKED = re.compile(r"chart-coverage:(\d+):")


@dataclass(frozen=True)
class Branch:
    """One arm of a decision in a template; `number` tells it from the others."""

    number: int
    template: Template
    block: Block
    arm: Arm

    @property
    def line(self) -> int:
        """Line of the action that opens the arm, or of the `end` before which it is missing."""
        closing = self.block.closing or self.block.opening
        return self.arm.opening.line if self.arm.opening else closing.line

    def __str__(self) -> str:
        decision = f"{self.block.keyword} {self.block.opening.pipeline}"
        if self.arm.opening is self.block.opening:
            outcome = ""
        elif self.arm.opening is None:
            outcome = ": does not hold"
        else:
            outcome = f": {self.arm.opening.keyword} {self.arm.opening.pipeline}".rstrip()
        return f"{self.template.name}:{self.line}: {decision}{outcome}"


def branches(templates: Sequence[Template], values: Values) -> list[Branch]:
    """Return all arms. A `with` over a section of the values only shortens names: it has no other arm.

    What a definition called `....lookup` decides, it decides by what a cluster says: no case can show that.
    """
    return [
        Branch(number, template, block, arm)
        for number, (template, block, arm) in enumerate(
            (template, block, arm)
            for template in templates
            for block in template.blocks
            if block.decides and not _asks_a_cluster(block)
            for arm in block.arms
            if arm.opening or section(template, block, values) is None
        )
    ]


def _asks_a_cluster(block: Block) -> bool:
    above = block.parent
    while above and above.keyword != "define":
        above = above.parent
    return above is not None and above.opening.pipeline.endswith('.lookup"')


def reached(trials: Trials, all_branches: Sequence[Branch]) -> dict[int, str]:
    """Map the number of each arm that some situation or refusal renders to the first one found.

    Raises RenderError when a case fails for another reason.
    """
    found: dict[int, str] = {}

    def probe(name: str, render: Callable[[Suite], str | None], refused: bool) -> None:
        while missing := [branch for branch in all_branches if branch.number not in found]:
            with trials.changed(_probes(missing)) as suite:
                error = render(suite)
            marked = _MARKED.search(error or "")
            if marked:
                found.setdefault(int(marked[1]), name)
            elif error and not refused:
                raise RenderError(error)
            else:
                return

    with ThreadPoolExecutor() as pool:
        tasks = [pool.submit(probe, str(situation), situation.error, False) for situation in trials.situations]
        tasks += [pool.submit(probe, refusal.case.name, refusal.error, True) for refusal in trials.refusals]
        for task in tasks:
            task.result()
    return found


def _probes(missing: Sequence[Branch]) -> dict[str, str]:
    edits: dict[str, str] = {}
    templates = {branch.template.name: branch.template for branch in missing}
    for name, template in templates.items():
        text = template.text
        # From the end, so that the offsets of what is still to come stay right.
        for branch in sorted(missing, key=lambda branch: (branch.arm.start, branch.number), reverse=True):
            if branch.template.name == name:
                text = text[: branch.arm.start] + _probe(branch) + text[branch.arm.start :]
        edits[name] = text
    return edits


def _probe(branch: Branch) -> str:
    fail = '{{ fail "' + _MARK.format(branch.number) + '" }}'
    if branch.arm.opening:
        return fail
    trims = branch.block.closing is not None and branch.block.closing.trims_left
    return ("{{- else }}" if trims else "{{ else }}") + fail
