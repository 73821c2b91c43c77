"""`python -m scripts.repository_settings FILE`: would the pipeline take this .implementation-dag.yaml?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.yaml_reader import Object, load, read_text
from implementation_dag.base.errors import StepError
from implementation_dag.contract import repository, settings

VALUES = Path(__file__).resolve().parents[1] / "charts" / "implementation-dag" / "values.yaml"


def bounds(files: Sequence[Path]) -> repository.Bounds:
    """Return the bounds by the chart's values and those of `files` over them, the later ones win. Raises InputError."""
    repositories: Object = {}
    defaults: Object = {}
    for path in (VALUES, *files):
        values = load(read_text(path), str(path)) or {}
        repositories |= values.get("repositories") or {}
        defaults |= values.get("defaults") or {}
    defaults.pop("domain", None)
    told = {"repositories": repositories | {"defaults": defaults}, "names": {}}
    return repository.bounds(settings.load(settings.OfRepository, {"SETTINGS": json.dumps(told)}).repositories)


@ends_in_words("repository-settings")
def main(arguments: Sequence[str] | None = None) -> int:
    """Say what the file sets, or what is wrong with it; 0 when it would be taken, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m scripts.repository_settings", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--values", type=Path, action="append", default=[], help="your operator's values; may be repeated"
    )
    given = parser.parse_args(arguments)
    try:
        own = repository.parse(given.file.read_bytes(), bounds(given.values))
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.file}: sets {', '.join(own) or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
