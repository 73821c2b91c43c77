"""A chart as a part of another one, under several names."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from idag.yaml_reader import load, read_text


@contextmanager
def umbrella(chart: Path, aliases: Sequence[str]) -> Iterator[Path]:
    """Give the folder of a chart that has `chart` as its part once for each alias; without aliases `chart` itself."""
    if not aliases:
        yield chart
        return
    about = load(read_text(chart / "Chart.yaml"))
    parts = [{"name": about["name"], "version": about["version"], "alias": alias} for alias in aliases]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "umbrella"
        (whole / "templates").mkdir(parents=True)
        part = whole / "charts" / about["name"]
        shutil.copytree(chart, part)
        # A part comes as a package, without what this names; of a folder helm reads only the whole's.
        for path in _left_out(chart):
            (part / path).unlink(missing_ok=True)
        text = {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": parts}
        (whole / "Chart.yaml").write_text(json.dumps(text), encoding="utf-8")
        yield whole


def _left_out(chart: Path) -> list[str]:
    """The single files that the chart's .helmignore names."""
    ignored = chart / ".helmignore"
    lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.exists() else []
    return [line for line in lines if line and not line.startswith("#") and "*" not in line and not line.endswith("/")]
