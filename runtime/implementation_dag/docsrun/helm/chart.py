"""The chart and the values file that the pull request brings: inside its checkout, or an oci:// reference."""

from __future__ import annotations

import os
from pathlib import Path

from implementation_dag.base.errors import StepError

CHECKOUT = Path(os.environ.get("CHECKOUT", "/work/src"))


def inside(relative: str, parameter: str, checkout: Path = CHECKOUT) -> Path:
    """Return the path below the checkout, all links resolved. Raises StepError when it is missing or elsewhere."""
    # Not resolve(), which raises where a link leads to itself.
    path = Path(os.path.realpath(checkout / relative))
    if not path.is_relative_to(checkout.resolve()):
        raise StepError(f"parameter {parameter!r} is {relative!r}: a link leads out of the checkout")
    if not path.exists():
        raise StepError(f"parameter {parameter!r} is {relative!r}: not in the repository at this commit")
    return path


def locate(chart_path: str, checkout: Path = CHECKOUT) -> str:
    """Return what helm is given as the chart. Raises StepError."""
    if chart_path.startswith("oci://"):
        return chart_path
    chart = inside(chart_path, "chartPath", checkout)
    if not (chart / "Chart.yaml").is_file():
        raise StepError(f"parameter 'chartPath' is {chart_path!r}: no Chart.yaml there")
    return str(chart)
