"""The check of values.schema.json notices each way in which it can disagree with values.yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.chart.schemas.values import ValuesSchema

VALUES = """\
server:
  # Port that is listened on.
  port: 8080
"""


def chart(folder: Path, values: str = VALUES, **port: Any) -> ValuesSchema:
    described = {"type": "integer", "description": "Port that is listened on.", **port}
    server = {"type": "object", "additionalProperties": False, "properties": {"port": described}}
    schema = {"type": "object", "additionalProperties": False, "properties": {"server": server}}
    (folder / "values.yaml").write_text(values)
    (folder / "values.schema.json").write_text(json.dumps(schema))
    return ValuesSchema(folder)


def test_files_that_agree_have_no_faults(tmp_path: Path) -> None:
    assert chart(tmp_path).faults() == []


@pytest.mark.parametrize(
    ("values", "port", "named"),
    [
        (VALUES + "  host: a\n", {}, "server.host: in values.yaml, not in values.schema.json"),
        ("server: {}\n", {}, "server.port: in values.schema.json, not in values.yaml"),
        (VALUES, {"description": ""}, "server.port: no description"),
        (VALUES.replace("listened on", "open"), {}, "server.port: values.yaml says"),
        (VALUES, {"maximum": 1024}, "server.port: the default is refused: 8080"),
    ],
)
def test_a_disagreement_is_told_by_key(values: str, port: dict[str, Any], named: str, tmp_path: Path) -> None:
    assert any(fault.startswith(named) for fault in chart(tmp_path, values, **port).faults())


def test_wrong_samples_leave_out_what_the_schema_takes(tmp_path: Path) -> None:
    values = chart(tmp_path)
    (leaf,) = values.leaves()
    assert leaf.path == "server.port"
    assert values.wrong(leaf.schema) == [{"wrong": "type"}, [["wrong type"]], "wrong type", True]
    assert values.wrong({"enum": ["wrong type"]}) == [{"wrong": "type"}, [["wrong type"]], -4.5, True]
    assert values.wrong({}) == []
