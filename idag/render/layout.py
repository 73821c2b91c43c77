"""Write YAML for people and for diffs: one order of keys, one way of quoting, text as blocks."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

_FIRST = ("apiVersion", "kind", "metadata", "name", "namespace")
# Strings that some reader of YAML takes for a number, a date, a truth value or nothing.
_AMBIGUOUS = re.compile(r"[-+.0-9~=<].*|(?i:y|n|yes|no|on|off|true|false|null)?")


def dump(value: Any) -> str:
    """Return the value as YAML that reads back equal."""
    # A new one each time: it keeps anchors of what it wrote, and threads may be at work.
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _: True
    stream = io.StringIO()
    yaml.dump(_ordered(value), stream)
    return stream.getvalue()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        first = [key for key in _FIRST if key in value]
        return {key: _ordered(value[key]) for key in [*first, *sorted(value.keys() - set(first))]}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, str) and _AMBIGUOUS.fullmatch(value):
        return DoubleQuotedScalarString(value)
    return value
