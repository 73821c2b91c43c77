"""The schema demands what values.yaml has, and says of each value what its rule, its default and its shape say."""

from __future__ import annotations

from pathlib import Path

from implementation_dag.contract.parameters import BY_NAME
from scripts.chart.values.entries import read
from scripts.chart.values.references import followed
from scripts.chart.values.schema import Schema, made, of_values

VALUES = """\
# Head of the file.

server:
  # Port that is
  # listened on.
  # @schema {minimum: 1,
  #   maximum: 9}
  port: 8
  # May be left empty.
  # @schema {required: false}
  host: a
# Counts of things.
# @schema {$ref: quantities, required: defaults, maxProperties: 9}
count: {a: 1, b: 2}
# Size.
# @schema quantity
size: 1Gi
# A share.
share: 0.5
defaults:
  # Milliseconds.
  maxP95Ms: 5
"""


def schema(folder: Path) -> Schema:
    (folder / "values.yaml").write_text(VALUES)
    return made(read(folder))


def test_a_section_is_closed_and_demands_its_keys(tmp_path: Path) -> None:
    whole = schema(tmp_path)
    assert whole["required"] == ["server", "count", "size", "share", "defaults"]
    assert whole["properties"].keys() == {*whole["required"], "global", "enabled"}
    server = whole["properties"]["server"]
    assert (server["required"], server["additionalProperties"]) == (["port"], False)


def test_a_value_is_what_rule_default_and_shape_say(tmp_path: Path) -> None:
    whole = schema(tmp_path)
    found = of_values(read(tmp_path), whole)
    assert found["server.port"] == {
        "description": "Port that is listened on.", "type": "integer", "minimum": 1, "maximum": 9,
    }  # fmt: skip
    assert found["server.host"] == {"description": "May be left empty.", "type": "string"}
    assert found["share"] == {"description": "A share.", "type": "number"}
    assert found["size"] == {"description": "Size.", "$ref": "#/$defs/quantity"}
    assert found["count"] == {
        "description": "Counts of things.",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/quantity"},
        "required": ["a", "b"],
        "maxProperties": 9,
    }
    assert whole["$defs"].keys() == {"quantity", "max_p95_ms"}


def test_a_default_of_a_parameter_has_the_parameter_s_limits(tmp_path: Path) -> None:
    whole = schema(tmp_path)
    limit = followed(of_values(read(tmp_path), whole)["defaults.maxP95Ms"], whole)
    assert limit == {"description": "Milliseconds."} | BY_NAME["max_p95_ms"].limits.schema
