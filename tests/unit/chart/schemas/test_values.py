"""The check of values.schema.json notices a default that it refuses, and takes wrong values of every type."""

import json
from pathlib import Path
from typing import Any

from scripts.chart.schemas.values import ValuesSchema

VALUES = """\
server:
  # Port that is listened on.
  port: 8080
"""


def chart(folder: Path, **port: Any) -> ValuesSchema:
    described = {"type": "integer", "description": "Port that is listened on.", **port}
    server = {"type": "object", "additionalProperties": False, "properties": {"port": described}}
    schema = {"type": "object", "additionalProperties": False, "properties": {"server": server}}
    (folder / "values.yaml").write_text(VALUES)
    (folder / "values.schema.json").write_text(json.dumps(schema))
    return ValuesSchema(folder)


def test_a_default_that_is_taken_is_no_fault(tmp_path: Path) -> None:
    assert chart(tmp_path).faults() == []


def test_a_default_that_is_refused_is_told_by_key(tmp_path: Path) -> None:
    assert chart(tmp_path, maximum=1024).faults() == [
        "server.port: the default is refused: 8080 is greater than the maximum of 1024"
    ]


def test_wrong_samples_leave_out_what_the_schema_takes(tmp_path: Path) -> None:
    values = chart(tmp_path)
    (leaf,) = values.leaves()
    assert leaf.path == "server.port"
    assert values.wrong(leaf.schema) == [{"wrong": "type"}, [["wrong type"]], "wrong type", True]
    assert values.wrong({"enum": ["wrong type"]}) == [{"wrong": "type"}, [["wrong type"]], -4.5, True]
    assert values.wrong({}) == []
