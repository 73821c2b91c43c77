"""A bundle comes through as it was packed, and a hostile one writes nothing but below its own folder."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from implementation_dag.agents import bundle, evidence, publish
from implementation_dag.agents.bundle import BundleError, Reader, pack, unpack

NAMES = [
    b"a",
    b"b.txt",
    b"\xe9.txt",
    "größe".encode(),
    b"with space",
    b"new\nline",
    b"-option",
    b"{{=1}}",
    b"$(X)",
    b".x",
]


def listing(folder: Path) -> dict[bytes, tuple[str, bytes]]:
    """Everything below a folder: path → kind and content."""
    found = {}
    for top, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files]:
            path = os.path.join(top, name)  # noqa: PTH118 -- bytes
            key = os.path.relpath(path, os.fsencode(folder))
            if os.path.islink(path):  # noqa: PTH114
                found[key] = ("link", os.readlink(path))  # noqa: PTH115
            elif os.path.isdir(path):  # noqa: PTH112
                found[key] = ("folder", b"")
            else:
                executable = os.stat(path).st_mode & 0o100  # noqa: PTH116
                with open(path, "rb") as stream:  # noqa: PTH123
                    found[key] = ("program" if executable else "file", stream.read())
    return found


def grow(folder: bytes, chance: random.Random, depth: int = 0) -> None:
    os.mkdir(folder)  # noqa: PTH102
    for name in chance.sample(NAMES, chance.randrange(len(NAMES))):
        path = os.path.join(folder, name)  # noqa: PTH118
        kind = chance.choice(["file", "program", "link", "folder"])
        if kind == "folder" and depth < 3:
            grow(path, chance, depth + 1)
        elif kind == "link":
            os.symlink(chance.choice([b"../../../etc/passwd", b"/etc", b"a", b"\xff"]), path)  # noqa: PTH211
        else:
            with open(path, "wb") as stream:  # noqa: PTH123
                stream.write(chance.randbytes(chance.choice([0, 1, 100, bundle.CHUNK + 1])))
            os.chmod(path, 0o755 if kind == "program" else 0o644)  # noqa: PTH101


def cut(stream: bytes, chance: random.Random) -> Iterator[bytes]:
    """The stream in pieces of any size."""
    while stream:
        size = chance.choice([1, 7, 100, 5000, 10**6])
        yield stream[:size]
        stream = stream[size:]


@pytest.mark.parametrize("seed", range(30))
def test_a_folder_comes_through_as_it_was(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311
    grow(os.fsencode(tmp_path / "from"), chance)
    packed = b"".join(pack(tmp_path / "from", repository=False))
    unpack(Reader(cut(packed, chance)), tmp_path / "to", repository=False)
    assert listing(tmp_path / "to") == listing(tmp_path / "from")


def test_what_is_no_file_is_left_out_and_what_is_locked_is_opened(tmp_path: Path) -> None:
    source = tmp_path / "from"
    (source / "locked").mkdir(parents=True)
    (source / "locked" / "file").write_text("x")
    (source / "locked" / "file").chmod(0)
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(source / "socket"))
    (source / "locked").chmod(0o311)
    unpack(Reader(pack(source, repository=False)), tmp_path / "to", repository=False)
    assert listing(tmp_path / "to").keys() == {b"locked", b"locked/file"}


def test_a_repository_inside_is_told_and_the_outer_one_stays_behind(tmp_path: Path) -> None:
    source = tmp_path / "from"
    (source / ".git").mkdir(parents=True)
    (source / ".git" / "config").write_text("[core]")
    (source / "a").write_text("a")
    unpack(Reader(pack(source, repository=False)), tmp_path / "without", repository=False)
    unpack(Reader(pack(source, repository=True)), tmp_path / "with", repository=True)
    assert listing(tmp_path / "without").keys() == {b"a"}
    assert listing(tmp_path / "with").keys() == {b".git", b".git/config", b"a"}
    (source / "deps" / "sub" / ".git").mkdir(parents=True)
    with pytest.raises(BundleError, match=r"repository inside the work tree: deps/sub/\.git"):
        unpack(Reader(pack(source, repository=False)), tmp_path / "to", repository=False)


def entry(kind: object = "file", path: object = "x", size: object = 0, **more: object) -> bytes:
    return json.dumps({"kind": kind, "path": path, "size": size} | more).encode() + b"\n"


END = b'{"kind": "end"}\n'
HOSTILE = {
    "upwards": entry(path="../x"),
    "upwards inside": entry("folder", "a") + entry(path="a/../../x"),
    "absolute": entry(path="/etc/x"),
    "empty": entry(path=""),
    "dot": entry(path="."),
    "trailing slash": entry("folder", "a/"),
    "double slash": entry("folder", "a") + entry(path="a//x"),
    "nul": entry(path="a\0b"),
    "no folder before": entry(path="a/x"),
    "through a link": entry("link", "a", 4) + b"/tmp" + entry(path="a/x"),
    "a link in place of a folder": entry("folder", "a") + entry("link", "a", 4) + b"/tmp",
    "twice": entry(path="x") + entry(path="x"),
    "through a file": entry(path="a") + entry(path="a/x"),
    "repository": entry("folder", ".git") + entry(path=".git/config"),
    "repository in capitals": entry("folder", ".GIT"),
    "device": entry("device"),
    "hard link": entry("hardlink", target="/etc/passwd"),
    "negative": entry(size=-1),
    "size as text": entry(size="1"),
    "size as truth": entry(size=True),
    "folder with bytes": entry("folder", "a", 5) + b"12345",
    "link without a target": entry("link", "a", 0),
    "link of a megabyte": entry("link", "a", 10**6),
    "link to nul": entry("link", "a", 3) + b"a\0b",
    "path of megabytes": entry(path="x" * 10**6),
    "name of 300 bytes": entry(path="x" * 300),
    "path that is no text": entry(path=["x"]),
    "the same bytes in two spellings": entry(path="\u00e9") + entry(path="\udcc3\udca9"),
    "path too long for the system": b"".join(entry("folder", "/".join(["x" * 255] * n)) for n in range(1, 17)),
    "folders in one another": b"".join(entry("folder", "/".join("x" * n)) for n in range(1, 300)),
    "lone surrogate of no byte": entry(path="\ud800"),
    "no header": b"hello\n",
    "no mapping": b"[]\n",
    "deep": b"[" * 30_000 + b"\n",
    "endless line": b"x" * 10**6,
    "larger than allowed": entry(size=bundle.BYTES_LIMIT + 1),
    "ends early": entry(size=10) + b"123",
    "no end": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_and_nothing_is_written_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        unpack(Reader([HOSTILE[name] + (END if name != "no end" else b"")]), tmp_path / "to", repository=False)
    assert [path.name for path in tmp_path.iterdir()] == ["to"]


@pytest.mark.parametrize("seed", range(200))
def test_a_bundle_with_any_bytes_changed_writes_below_its_folder_only(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311
    kinds = [entry("folder", "a"), entry(path="a/x", size=3) + b"123", entry("link", "l", 5) + b"/etc/", END]
    stream = bytearray(b"".join(kinds))
    for _ in range(chance.randrange(1, 6)):
        stream[chance.randrange(len(stream))] = chance.choice(b'./"{}:,0123456789alink\\ \n')
    with contextlib.suppress(BundleError):
        unpack(Reader(cut(bytes(stream), chance)), tmp_path / "to", repository=False)
    assert [path.name for path in tmp_path.iterdir()] == ["to"]
    assert all(stat.S_IMODE(os.lstat(path).st_mode) & 0o7000 == 0 for path in (tmp_path / "to").rglob("*"))


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "ENTRIES_LIMIT", 5)
    with pytest.raises(BundleError, match="larger than 5 entries"):
        unpack(Reader([entry(path=str(number)) for number in range(6)]), tmp_path / "to", repository=False)


def test_names_that_fill_the_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "NAMES_LIMIT", 1000)
    with pytest.raises(BundleError, match="or 1000 of names"):
        unpack(Reader([entry(path=f"{number:0200}") for number in range(6)]), tmp_path / "to", repository=False)


def test_a_tree_too_deep_to_be_walked_is_told(tmp_path: Path) -> None:
    (tmp_path / "from" / "/".join("x" * (bundle.DEPTH_LIMIT + 2))).mkdir(parents=True)
    with pytest.raises(BundleError, match="folders lie in one another"):
        unpack(Reader(pack(tmp_path / "from", repository=False)), tmp_path / "to", repository=False)


def test_evidence_is_plain_files_of_bounded_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "from"
    (source / "sub").mkdir(parents=True)
    (source / "tests.log").write_text("x" * 100)
    (source / "sub" / "report.json").write_text("{}")
    (source / "passwd").symlink_to("/etc/passwd")
    with open(os.fsencode(source) + b"/caf\xe9.txt", "wb"):  # noqa: PTH123
        pass
    assert evidence.take(Reader(pack(source, repository=False)), tmp_path / "to", 10) == [
        "sub/report.json",
        "tests.log",
    ]
    assert (tmp_path / "to" / "tests.log").read_text() == "x" * 10
    said = capsys.readouterr().out
    assert "passwd' is a link: left out" in said
    assert "no store could keep" in said


def test_evidence_is_stored_under_names_that_no_browser_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "from"
    (source / "x.html.txt").mkdir(parents=True)
    for name in ("coverage.html", "test-results.xml", "sub.svg", "x.html", "x.html.txt/inner", "a.js", "a.js.txt"):
        (source / name).write_text(name)
    target = tmp_path / "artifacts" / "qa"
    assert len(evidence.take(Reader(pack(source, repository=False)), target, 100)) == 5
    stored = {
        path.relative_to(tmp_path / "artifacts").as_posix()
        for path in tmp_path.glob("artifacts/**/*")
        if path.is_file()
    }
    assert stored - {"qa/x.html.txt", "qa/x.html.txt/inner"} == {
        "apart/coverage",
        "apart/test-results",
        "qa/sub.svg.txt",
        "qa/a.js.txt",
    }
    assert capsys.readouterr().out.count("would be stored under the name of another file: left out") == 2


def test_evidence_has_at_most_fifty_files(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for number in range(60):
        (tmp_path / "from" / f"{number:02}").touch()
    assert len(evidence.take(Reader(pack(tmp_path / "from", repository=False)), tmp_path / "to", 10)) == 50


def test_an_agent_forges_no_file_of_the_pipeline_s_own(tmp_path: Path) -> None:
    """changes.diff would stay when the agent fails, and a folder of that name would be in our way when it does not."""
    stream = entry("folder", "changes.diff") + entry(path="changes.diff/x") + entry(path="commit.txt") + entry(path="a")
    assert evidence.take(Reader([stream + END]), tmp_path / "rex", 10, publish.own_names("rex")) == ["a"]
    assert [path.name for path in (tmp_path / "rex").iterdir()] == ["a"]
    assert publish.own_names("clippy") == {"fixes.diff"}
    assert publish.own_names("qa") == set()


def test_files_left_out_do_not_flood_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence.take(Reader([*(entry(path=str(number)) for number in range(5000)), END]), tmp_path / "to", 10)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == evidence.TOLD_LIMIT + 1
    assert "4950 files were left out" in said[-1]
