"""Values are set where they are; whatever else is in the file stays."""

from pathlib import Path

from idag.yaml_file import set_values


def test_values_are_set_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("# Why.\na:\n  b: 1 # one\nlist:\n  - x: 'quoted'\n    y: 2\n")
    set_values(path, {("a", "b"): 2, ("a", "c", "d"): "x", ("list", 0, "y"): 3})
    assert path.read_text() == "# Why.\na:\n  b: 2 # one\n  c:\n    d: x\nlist:\n  - x: 'quoted'\n    y: 3\n"
