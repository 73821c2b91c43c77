"""The chart and the values file that the pull request brings: inside its checkout, or an oci:// reference."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from implementation_dag.base.errors import StepError

CHECKOUT = Path(os.environ.get("CHECKOUT", "/work/src"))
_SUBMODULE = re.compile(r'(?m)^[ \t]*path[ \t]*=[ \t]*"?([^"\n]*[^"\s])"?[ \t\r]*$')


def inside(relative: str, parameter: str, checkout: Path = CHECKOUT) -> Path:
    """Return the path below the checkout, all links resolved. Raises StepError when it is missing or elsewhere."""
    # Not resolve(), which raises where a link leads to itself.
    path = Path(os.path.realpath(checkout / relative))
    if not path.is_relative_to(checkout.resolve()):
        raise StepError(f"parameter {parameter!r} is {relative!r}: a link leads out of the checkout")
    if not path.exists():
        where = f"not in the repository at this commit{_submodule(relative, checkout)}"
        raise StepError(f"parameter {parameter!r} is {relative!r}: {where}")
    return path


def locate(chart_path: str, checkout: Path = CHECKOUT) -> str:
    """Return what helm is given as the chart. Raises StepError."""
    if chart_path.startswith("oci://"):
        return chart_path
    chart = inside(chart_path, "chartPath", checkout)
    if not (chart / "Chart.yaml").is_file():
        raise StepError(
            f"parameter 'chartPath' is {chart_path!r}: no Chart.yaml there{_submodule(chart_path, checkout)}"
        )
    return str(chart)


def _submodule(relative: str, checkout: Path) -> str:
    """Words on the submodule that the path leads into: they are not fetched, so its folder is empty."""
    try:
        listed = _SUBMODULE.findall((checkout / ".gitmodules").read_text(errors="replace"))
    except OSError:
        return ""
    way = PurePosixPath(os.path.normpath(relative))
    found = next((path for path in listed if way.is_relative_to(path)), "")
    return f"; {found} is a git submodule, and those are not fetched: keep the files in the repository" if found else ""
