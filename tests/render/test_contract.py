"""What the chart spells of the runtime's contract is what implementation_dag.contract says."""

from __future__ import annotations

import re
from pathlib import Path

from implementation_dag.contract import labels
from scripts.chart.render.project import CHART

KEY = re.compile(rf"{re.escape(labels.GROUP)}/[A-Za-z0-9._-]+")
SNAPSHOTS = Path(__file__).parent / "snapshots"


def keys(folder: Path) -> set[str]:
    """Keys with our prefix that files below `folder` spell; `<group>/v1alpha1` is the version of a kind, the prefix alone a policy's."""
    files = [path for path in folder.rglob("*") if path.suffix in {".yaml", ".tpl", ".txt"}]
    found = {key for path in files for key in KEY.findall(path.read_text())}
    return found - {f"{labels.GROUP}/v1alpha1"}


def test_the_rendered_chart_has_exactly_the_contract_s_keys() -> None:
    assert keys(SNAPSHOTS) == set(labels.OWN)


def test_no_template_spells_a_key_that_the_contract_does_not_have() -> None:
    assert keys(CHART / "templates") <= set(labels.OWN)
