"""Set single values of a YAML file that people wrote: its comments, order and all other lines stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

# By the path of its keys; a number is a place in a list.
Values = Mapping[tuple[str | int, ...], Any]


def load(path: Path) -> Any:
    """Return the document, with all that `set_values` keeps."""
    return _yaml().load(path.read_text())


def set_values(path: Path, values: Values) -> None:
    """Set the values, with the mappings on the way that are missing."""
    document = load(path)
    for (*way, last), value in values.items():
        place = document
        for key in way:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        place[last] = value
    with path.open("w") as file:
        _yaml().dump(document, file)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
