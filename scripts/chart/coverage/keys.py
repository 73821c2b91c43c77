"""Which values keys the cases exercise: give another value than the default, and something else is rendered for it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any

from idag.render import Case
from idag.yaml_reader import load, read_text
from scripts.chart.coverage.trials import Situation, Trials
from scripts.chart.coverage.values import ABSENT, Path, Values, get


def exercised(trials: Trials, values: Values) -> dict[Path, Situation]:
    """Map each exercised key to the first situation that does it."""
    given = {situation.case.name: _given(situation.case) for situation in trials.situations}

    def find(path: Path) -> Situation | None:
        for situation in trials.situations:
            value, default = get(given[situation.case.name], path), values.default(path)
            if value is not ABSENT and value != default and trials.matters(situation, _undoing(path, value, default)):
                return situation
        return None

    with ThreadPoolExecutor() as pool:
        found = zip(values.keys, pool.map(find, values.keys), strict=True)
        return {path: situation for path, situation in found if situation}


def _given(case: Case) -> dict[str, Any]:
    documents = [load(read_text(path), str(path)) or {} for path in case.values]
    return reduce(_merged, documents, {})


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            both[key] = _merged(below[key], above[key])
    return both


def _undoing(path: Path, value: Any, default: Any) -> dict[str, Any]:
    if isinstance(value, dict) and isinstance(default, dict):
        # Helm merges maps: what the case added goes away only by null.
        default = {**dict.fromkeys(value.keys() - default.keys()), **default}
    nested = default
    for key in reversed(path):
        nested = {key: nested}
    return dict(nested)
