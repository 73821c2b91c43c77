"""The chart's README and schema tell the values as they are; every lie of the README is named by its key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.chart.values.__main__ import CHART, main
from scripts.chart.values.allowed import allowed


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHART, tmp_path / "chart"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))


def test_readme_and_schema_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_changed_default_is_named(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(chart / "values.yaml", "maxP95Ms: 1200", "maxP95Ms: 1300")
    assert main(["--check", f"--chart={chart}"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["README.md: defaults.maxP95Ms: not as described there"]


def test_a_changed_limit_is_named(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(chart / "values.yaml", "maximum: 1048576}", "maximum: 100000}")
    assert main(["--check", f"--chart={chart}"]) == 1
    told = ["values.schema.json", "README.md: acceptance.bodyLimitBytes: not as described there"]
    assert capsys.readouterr().err.splitlines()[1:] == told
    assert main([f"--chart={chart}"]) == main(["--check", f"--chart={chart}"]) == 0


def test_changed_prose_is_told(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(chart / "README.md", "## Uninstall", "## Remove")
    assert main(["--check", f"--chart={chart}"]) == 1
    assert "the text around the tables" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    # Region of the bucket.\n", "", "evidence.s3.region: no comment"),
        (
            "# @schema issuerKind\n      kind",
            "# @schema isuerKind\n      kind",
            "$ref is 'isuerKind': must be one of address,",
        ),
        (
            "# @schema {minimum: 0, maximum: 10}",
            "# @schema [0, 10]",
            "workflow.retries: its @schema is [0, 10]: must be",
        ),
        ("# @schema {minimum: 0, maximum: 10}", "# @schema {", "workflow.retries: its @schema is no YAML: line"),
    ],
)
def test_a_value_that_is_not_described_is_named(
    chart: Path, old: str, new: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (chart / "values.yaml").read_text()
    assert old in text
    (chart / "values.yaml").write_text(text.replace(old, new, 1))
    assert main([f"--chart={chart}"]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer, 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"enum": ["a", "b"]}, 'one of `"a"`, `"b"`'),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "list of strings, each once"),
        ({"type": "array", "items": {"properties": {"path": {}}}, "minItems": 1}, "list of {path}, not empty"),
        ({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]}, "string or number, at least 0"),
    ],
)
def test_what_a_schema_allows_in_words(schema: dict[str, object], words: str) -> None:
    assert allowed(schema) == words
