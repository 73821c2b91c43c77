"""Measure a suite: keys exercised, branches reached, mutants killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path as File

from idag.render import Suite
from idag.render.snapshots import Snapshots
from scripts.chart.coverage.blocks import Template, parse
from scripts.chart.coverage.branches import Branch, branches, reached
from scripts.chart.coverage.defaults import default_mutants
from scripts.chart.coverage.errors import CoverageError
from scripts.chart.coverage.keys import exercised
from scripts.chart.coverage.mutants import Mutant, template_mutants
from scripts.chart.coverage.part import Part
from scripts.chart.coverage.refusals import Refusal
from scripts.chart.coverage.trials import Trials
from scripts.chart.coverage.values import Path, Values, read

# The name of the first that noticed: a case of the snapshots, or a test.
Killer = str
WHOLE = Part()


@dataclass(frozen=True)
class Coverage:
    """What the cases of a chart exercise; a key, branch number or mutant that is not in its map is not covered."""

    templates: Sequence[Template]
    values: Values
    keys: dict[Path, Killer]
    branches: Sequence[Branch]
    reached: dict[int, Killer]
    mutants: Sequence[Mutant]
    killed: dict[Mutant, Killer]

    @property
    def survivors(self) -> list[Mutant]:
        """The mutants that nothing noticed."""
        return [mutant for mutant in self.mutants if mutant not in self.killed]

    @property
    def figures(self) -> dict[str, int]:
        """The figures of summary.json."""
        return {
            "value_keys": len(self.values.keys),
            "value_keys_exercised": len(self.keys),
            "branches": len(self.branches),
            "branches_exercised": len(self.reached),
            "mutants": len(self.mutants),
            "mutants_killed": len(self.killed),
        }

    @property
    def percentages(self) -> dict[str, float]:
        """Value keys, branches and mutants, each in per cent, rounded down to a tenth."""
        figures = self.figures
        covered = {
            "value_keys": "value_keys_exercised",
            "branches": "branches_exercised",
            "mutants": "mutants_killed",
        }
        return {name: _per_cent(figures[done], figures[name]) for name, done in covered.items()}


def measure(
    suite: Suite,
    tell: Callable[[str], None],
    notice: Callable[[Suite], Killer | None] | None = None,
    refusals: Sequence[Refusal] = (),
    part: Part = WHOLE,
) -> Coverage:
    """Measure the part.

    `notice` is asked about a changed chart that no snapshot shows, and names the test that fails for it.
    Raises RenderError when a case cannot be rendered, TemplateError when a template cannot be read, CoverageError
    when a snapshot is stale, a test fails for the chart as it is, or the part names what is not there.
    """
    values = read(suite.chart)
    templates = read_templates(suite.chart)
    part.check(templates, values)
    _check_tests(suite, notice, refusals)
    trials = Trials(suite, refusals)
    tell(f"{len(trials.cases)} cases and {len(refusals)} refusals: {', '.join(trials.cases)}")
    arms = branches(part.templates(templates), values)
    taken = reached(trials, arms)
    tell(f"{len(taken)} of {len(arms)} branches are reached")
    named = part.values(values)
    keys = {path: str(situation) for path, situation in exercised(trials, named).items()}
    tell(f"{len(keys)} of {len(named.keys)} values keys are exercised")
    mutants = [mutant for mutant in all_mutants(suite.chart, templates, values) if part.mutant(mutant)]
    killed = _kill(trials, mutants, tell)
    survivors = [mutant for mutant in mutants if mutant not in killed]
    if notice and survivors:
        tell(f"{len(survivors)} of {len(mutants)} mutants show in no snapshot: trying the other tests")
        killed |= _noticed(trials, survivors, notice)
    tell(f"{len(killed)} of {len(mutants)} mutants are killed")
    return Coverage(templates, named, keys, arms, taken, mutants, killed)


def read_templates(chart: File) -> list[Template]:
    """Return the structure of every template of the chart, NOTES.txt and definitions included."""
    paths = sorted(
        path for path in (chart / "templates").rglob("*") if path.suffix in (".yaml", ".tpl", ".txt", ".yml")
    )
    return [parse(str(path.relative_to(chart)), path.read_text(encoding="utf-8")) for path in paths]


def all_mutants(chart: File, templates: Sequence[Template], values: Values) -> list[Mutant]:
    """Return every mutant of the chart: of its defaults, then of its templates."""
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    of_templates = (mutant for template in templates for mutant in template_mutants(template, values))
    return [*default_mutants(values, text), *of_templates]


def _kill(trials: Trials, mutants: Sequence[Mutant], tell: Callable[[str], None]) -> dict[Mutant, Killer]:
    killed: dict[Mutant, Killer] = {}
    with ThreadPoolExecutor() as pool:
        shown = pool.map(lambda mutant: trials.shown({mutant.file: mutant.text}), mutants)
        for number, (mutant, situation) in enumerate(zip(mutants, shown, strict=True), start=1):
            if situation:
                killed[mutant] = situation
            if number % 100 == 0:
                tell(f"{number} of {len(mutants)} mutants tried")
    return killed


def _noticed(
    trials: Trials, survivors: Sequence[Mutant], notice: Callable[[Suite], Killer | None]
) -> dict[Mutant, Killer]:
    def test(mutant: Mutant) -> Killer | None:
        with trials.changed({mutant.file: mutant.text}) as changed:
            return notice(changed)

    with ThreadPoolExecutor() as pool:
        found = zip(survivors, pool.map(test, survivors), strict=True)
        return {mutant: killer for mutant, killer in found if killer}


def _check_tests(suite: Suite, notice: Callable[[Suite], Killer | None] | None, refusals: Sequence[Refusal]) -> None:
    """What fails without a change would notice every change."""
    for refusal in refusals:
        if not refusal.holds(suite):
            raise CoverageError(f"{refusal.case.values[-1]} is not refused with {refusal.told!r}: run `make test`")
    if suite.snapshots:
        snapshots = Snapshots(suite)
        stale = [name for name in suite.cases if snapshots.differences(name)]
        if stale:
            raise CoverageError(f"snapshots of {', '.join(stale)} are not what is rendered: run `make snapshots`")
    if notice and (test := notice(suite)):
        raise CoverageError(f"{test} fails for the chart as it is: run `make test`")


def _per_cent(part: int, whole: int) -> float:
    return 1000 * part // whole / 10 if whole else 100.0
