"""Whatever bytes are given as YAML, the answer is the value or one line; every command that reads YAML says it so."""

import importlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from idag.cli import run
from idag.promote import overlay
from idag.yaml_file import load as load_to_change
from idag.yaml_reader import InputError, decoded, load
from scripts.chart.schemas.__main__ import main as schemas

ROOT = Path(__file__).parents[3]
NAMES = "abcdefghi"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(NAMES)
)
MERGE_BOMB = "a: &a {k: v}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 9)}], z{name}: 1}}\n" for before, name in pairwise(NAMES)
)
LONG_TEXT_BOMB = f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 1000)}]"
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))
UNREADABLE = {
    "alias bomb": (BOMB.encode(), "aliases blow it up"),
    "merge bomb": (MERGE_BOMB.encode(), "aliases blow it up"),
    "bomb of one long text": (LONG_TEXT_BOMB.encode(), "aliases blow it up"),
    "contains itself": (b"a: &a [*a]", "contains itself"),
    "chain of aliases": (CHAIN.encode(), "deeper than 100"),
    "deep brackets": (b"[" * 200_000, "deeper than 100"),
    "deep dashes": (b"- " * 50_000 + b"a", "deeper than 100"),
    "Latin-1": ("kind: Tür".encode("latin-1"), "line 1: byte 0xfc is no UTF-8"),
    "UTF-16": ("kind: Job".encode("utf-16"), "UTF-16, UTF-8 is needed"),
    "UTF-16 without mark": ("kind: Job".encode("utf-16-le"), "is no text"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00", "is no text"),
    "tabs": (b"kind: Job\nspec:\n\ta: b\n", "line 3, column 1"),
    "duplicate keys": (b"a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' is there twice"),
    "a list as a key": (b"? [a]\n: b", "a key must be text"),
    "a number too long": (b"a: " + b"9" * 5000, "is no number"),
    "no number of JSON": (b"a: .inf", "JSON has no number"),
    "another type": (b"a: !!set {b}", "no type that JSON has"),
    "a type that does not fit": (b"a: !!int [b]", "not that of this value"),
    "no bool": (b"a: !!bool maybe", "neither true nor false"),
    "cut short": (b"a: [b", "line 2, column 1"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_told_in_one_line(name: str) -> None:
    content, told = UNREADABLE[name]
    with pytest.raises(InputError) as caught:
        load(decoded(content, "file"), "file")
    assert told in str(caught.value)
    assert str(caught.value).startswith("file: ")
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1e3\nb: 2020-01-01\nc: 1:30\nd: =", {"a": 1000.0, "b": "2020-01-01", "c": "1:30", "d": "="}),
        ("a: &a {b: 1}\nc: {<<: *a, d: 2}\ne: [*a, *a]", {"a": {"b": 1}, "c": {"b": 1, "d": 2}, "e": [{"b": 1}] * 2}),
        ("# nothing\n", None),
        ("[" * 100 + "]" * 100, None),
    ],
)
def test_what_kubernetes_reads_is_read(text: str, value: object) -> None:
    found = load(decoded(f"\ufeff{text}".encode(), "file"))
    assert found == value if value else found is None or str(found) == text


def promote(path: Path) -> int:
    root = path.parent
    release = root / "kustomize" / "overlays" / "dev" / "chart" / "release.yaml"
    release.parent.mkdir(parents=True)
    release.write_bytes(path.read_bytes())
    try:
        overlay.read(root, "dev")
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


COMMANDS: dict[str, tuple[Callable[[Path], int], int]] = {
    "lint": (lambda path: run(["lint", str(path)]), 2),
    "schemas": (lambda path: schemas(["validate", str(path)]), 2),
    "retention": (lambda path: run(["retention", str(path)]), 2),
    "promote": (promote, 1),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name", ["alias bomb", "Latin-1", "UTF-16", "binary", "tabs", "duplicate keys", "deep brackets"]
)
def test_each_command_says_it_with_its_exit_code(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "input.yaml"
    path.write_bytes(UNREADABLE[name][0])
    run, code = COMMANDS[command]
    assert run(path) == code
    told = capsys.readouterr().err
    assert UNREADABLE[name][1] in told
    assert len(told.splitlines()) == 1


def test_a_file_that_is_changed_is_read_as_carefully(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(BOMB, encoding="utf-8")
    with pytest.raises(InputError, match="aliases blow it up"):
        load_to_change(path)


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n---\n", "apiVersion: v1\nkind: List\nitems: []\n"])
def test_nothing_to_look_at_is_no_clean_bill(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert run(["lint", "-"]) == 2
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert (
        run(["lint", str(tmp_path)])
        == run(["lint", str(tmp_path / "a.yaml")])
        == schemas(["validate", str(tmp_path)])
        == 2
    )
    assert capsys.readouterr().err.count("there is no object in it") == 4


def test_lines_are_counted_from_the_files_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n\na: 1\na: 2\n", encoding="utf-8")
    assert run(["lint", str(path)]) == 2
    assert f"{path}: line 7, column 1: key 'a' is there twice" in capsys.readouterr().err


FILES = [path for folder in ("benchmarks", "idag", "scripts") for path in (ROOT / folder).rglob("*.py")]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in FILES
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)
MODULES.remove("idag.__main__")  # tests/unit/idag has its commands


@pytest.mark.parametrize("module", MODULES)
def test_help_tells_and_does_nothing(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        importlib.import_module(module).main(["--help"])
    assert capsys.readouterr().out.startswith("usage: python -m ")


def test_retention_without_a_manifest_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retention", ""]) == 2
    assert "name the manifest" in capsys.readouterr().err


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: ä}]}}\n", "utf-8")
    command = [sys.executable, "-m", "idag", "lint", str(path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (2, "idag: No space left on device\n")
    # A terminal that has no such letters.
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="ascii", env=environment, check=False)
    assert done.returncode == 1
    assert "containers[\\xe4]" in done.stdout
