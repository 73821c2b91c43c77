"""Set single values of a YAML file that people wrote: its comments, order and all other lines stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from idag import yaml_reader
from idag.yaml_reader import read_text

# By the path of its keys; a number is a place in a list.
Values = Mapping[tuple[str | int, ...], Any]


def load(path: Path) -> Any:
    """Return the document, with all that `set_values` keeps. Raises InputError."""
    text = read_text(path)
    # It looks for more than ruamel does, and bounds what aliases may grow to.
    yaml_reader.load(text, str(path))
    return _yaml().load(text)


def set_values(path: Path, values: Values) -> None:
    """Set the values, with the mappings on the way that are missing."""
    document = load(path)
    for (*way, last), value in values.items():
        place = document
        for key in way:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        place[last] = value
    with path.open("w", encoding="utf-8") as file:
        _yaml().dump(document, file)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
