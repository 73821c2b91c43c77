"""The cache of built tools: whole or absent, one builder at a time, usable at once."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from idag.progress import Progress
from idag.toolchain import build, golang, wheels
from idag.toolchain.errors import ToolError
from idag.toolchain.on_path import find_on_path, is_static, prints_version
from idag.toolchain.pins import Pin, read_pins
from idag.toolchain.running import run_logged
from idag.toolchain.store import Store


@pytest.fixture
def store(tools_folder: Path, tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", read_pins(tools_folder))


def _write(folder: Path, pin: Pin, content: str = "binary") -> None:
    for name in pin.binaries:
        (folder / "bin" / name).write_text(content, encoding="utf-8")


def test_a_finished_tool_appears_whole_and_is_linked_with_its_aliases(store: Store) -> None:
    pin = store.pins["beta"]
    with store.lock(pin, waiting=pytest.fail), store.staging(pin) as folder:
        _write(folder, pin)
        assert not store.holds(pin)
    assert store.holds(pin)
    store.link(pin)
    assert (store.bin_folder / "beta4").read_text() == "binary"
    assert (store.bin_folder / "beta").resolve() == store.folder(pin) / "bin" / "beta4"


def test_an_interrupted_build_leaves_nothing_and_starts_clean(store: Store) -> None:
    pin = store.pins["alpha"]
    with pytest.raises(KeyboardInterrupt), store.staging(pin) as folder:
        (folder / "half").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert not store.holds(pin)
    # A killed builder cannot tidy up; the next one must not take over what it left.
    left = store.folder(pin).parent / ".partial"
    left.mkdir()
    (left / "half").write_text("half", encoding="utf-8")
    with store.staging(pin) as folder:
        assert [path.name for path in folder.iterdir()] == ["bin"]
    assert store.holds(pin)


def _build_slowly(store: Store, entered: multiprocessing.synchronize.Event, leave: object) -> None:
    pin = store.pins["alpha"]
    with store.lock(pin, waiting=lambda: None), store.staging(pin) as folder:
        entered.set()
        leave.wait(10)  # type: ignore[attr-defined]
        _write(folder, pin, "first")


def test_a_second_builder_waits_and_takes_the_first_ones_result(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = multiprocessing.get_context("fork")
    entered, leave = context.Event(), context.Event()
    other = context.Process(target=_build_slowly, args=(store, entered, leave))
    other.start()
    assert entered.wait(10)
    monkeypatch.setattr(golang, "build", lambda *_: pytest.fail("built a second time"))

    class Releasing(Progress):
        def __call__(self, message: str) -> None:
            super().__call__(message)
            leave.set()

    build.build_all(store, [store.pins["alpha"]], Releasing("tools"))
    other.join(10)
    assert "another process is building it, waiting" in capsys.readouterr().err
    assert (store.bin_folder / "alpha").read_text() == "first"


def test_a_tool_for_another_architecture_is_never_one_of_this_machine(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "find_on_path", lambda pin, ignored: {"alpha": Path("/bin/true")})
    monkeypatch.setattr(golang, "build", lambda pin, folder, *_: _write(folder, pin, pin.architecture))
    other = replace(store.pins["alpha"], architecture="sparc")
    build.build_all(Store(store.root, {"alpha": other}), [other], Progress("tools"))
    assert store.binary(other, "alpha").read_text() == "sparc"
    assert "1/1 alpha 1.2.3 for sparc: building" in capsys.readouterr().err
    build.build_all(store, [store.pins["alpha"]], Progress("tools"))
    assert (store.bin_folder / "alpha").readlink() == Path("/bin/true")


def test_a_failing_tool_leaves_the_tools_before_it_usable(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        while not store.holds(store.pins["alpha"]):
            time.sleep(0.01)
        raise ToolError("no such wheel")

    monkeypatch.setattr(golang, "build", lambda pin, folder, *_: _write(folder, pin))
    monkeypatch.setattr(wheels, "fetch", fail)
    with pytest.raises(ToolError, match="no such wheel"):
        build.build_all(store, list(store.pins.values()), Progress("tools"))
    assert (store.bin_folder / "alpha").is_file()
    assert not store.holds(store.pins["beta"])


def test_what_is_made_beside_a_failing_tool_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slowly(pin: Pin, folder: Path, log: Path, alive: Callable[[float], None]) -> None:
        begun.set()
        try:
            run_logged(["sleep", "60"], cwd=folder, environment=os.environ, log=log, alive=alive)
        finally:
            ended.set()

    def fail(*_: object) -> None:
        assert begun.wait(10)
        raise ToolError("no such wheel")

    monkeypatch.setattr(golang, "build", slowly)
    monkeypatch.setattr(wheels, "fetch", fail)
    with pytest.raises(ToolError, match="no such wheel"):
        build.build_all(store, list(store.pins.values()), Progress("tools"))
    assert ended.is_set()
    assert not store.holds(store.pins["alpha"])


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("alpha version v1.2.3", True),
        ("alpha v1.2.3+g1234", True),
        ("Version: 1.2.3, commit x", True),
        ("alpha v1.2.30", False),
        ("alpha v11.2.3", False),
        ("alpha v1.2.3-rc.1", False),
        ("alpha v1.2.3.4", False),
    ],
)
def test_a_version_is_recognised_only_as_a_whole(output: str, expected: bool) -> None:
    assert prints_version(output, "1.2.3") is expected


def test_a_script_or_dynamic_program_on_path_is_not_taken(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "alpha").write_text("#!/bin/sh\necho alpha v1.2.3\n", encoding="utf-8")
    (folder / "alpha").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    assert not is_static(folder / "alpha")
    assert find_on_path(store.pins["alpha"], store.root) is None
    # The same file counts once it is a program of its own.
    monkeypatch.setattr("idag.toolchain.on_path.is_static", lambda path: True)
    assert find_on_path(store.pins["alpha"], store.root) == {"alpha": folder / "alpha"}
    assert find_on_path(store.pins["alpha"], folder) is None
    # Its assets would be missing: they come with the module.
    assert find_on_path(replace(store.pins["alpha"], assets={"crds": "crds"}), store.root) is None
    # Others run what images hold: no machine's PATH decides it.
    assert find_on_path(replace(store.pins["alpha"], group="image"), store.root) is None


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("go.etcd.io/etcd/server/v3", "server"),
        ("github.com/coredns/coredns", "coredns"),
        ("example.org/x/v2/cmd/tool", "tool"),
    ],
)
def test_the_name_go_gives_a_binary(package: str, name: str) -> None:
    assert golang.executable_name(package) == name


def test_go_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ToolError, match=r"Go compiler is missing \(go 1.26"):
        golang.find_go()
