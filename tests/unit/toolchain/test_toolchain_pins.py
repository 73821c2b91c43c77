"""Reading tools/pins.toml."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from idag.toolchain import golang, wheels
from idag.toolchain.architecture import MACHINES, own_architecture
from idag.toolchain.build import select
from idag.toolchain.errors import PinError, ToolError
from idag.toolchain.pins import pins_key, read_pins


def test_the_pins_of_this_repository_agree_with_their_modules() -> None:
    pins = read_pins()
    assert {"kubernetes", "etcd", "argo-workflows", "helm3", "helm4", "kubectl", "vegeta"} <= set(pins)
    for pin in pins.values():
        if pin.kind == "go":
            required = re.findall(r"^(?:require )?\s*(\S+) v(\S+)", (pin.module_folder / "go.mod").read_text(), re.M)
            assert (pin.module, pin.version) in required
            imports = set(re.findall(r'_ "(.+)"', (pin.module_folder / "tools.go").read_text()))
            own = {package for package in pin.binaries.values() if package.startswith("./")}
            assert all((pin.module_folder / package / "main.go").is_file() for package in own)
            assert set(pin.binaries.values()) - own <= imports


def test_make_test_needs_no_compiler() -> None:
    pins = read_pins()
    compiled = [pin.name for pin in select(pins, ["test"], []) if pin.kind == "go"]
    assert compiled == []


def test_images_and_tests_run_the_same_helm() -> None:
    pins = read_pins()
    assert pins["helm"].version == pins["helm4"].version


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "tools.go"])
def test_a_changed_module_file_changes_the_tool_and_the_bin_folder(tools_folder: Path, file: str) -> None:
    before = read_pins(tools_folder)
    key, folder_key, other = before["alpha"].key, pins_key(before), before["beta"].key
    (tools_folder / "alpha" / file).write_text("changed\n", encoding="utf-8")
    after = read_pins(tools_folder)
    assert after["alpha"].key != key
    assert pins_key(after) != folder_key
    assert after["beta"].key == other


def test_a_changed_program_of_our_own_changes_the_tool(tools_folder: Path) -> None:
    program = tools_folder / "alpha" / "alpha" / "main.go"
    program.parent.mkdir()
    program.write_text("package main\n", encoding="utf-8")
    before = read_pins(tools_folder)["alpha"].key
    program.write_text("package main\n\nfunc main() {}\n", encoding="utf-8")
    assert read_pins(tools_folder)["alpha"].key != before


def test_regrouping_a_tool_does_not_build_it_again(tools_folder: Path) -> None:
    before = read_pins(tools_folder)["beta"].key
    path = tools_folder / "pins.toml"
    path.write_text(path.read_text().replace('group = "test"', 'group = "cluster"'), encoding="utf-8")
    assert read_pins(tools_folder)["beta"].key == before


def test_c_is_compiled_where_a_tool_holds_it(tools_folder: Path) -> None:
    path = tools_folder / "pins.toml"
    without = read_pins(tools_folder)["alpha"]
    path.write_text(path.read_text().replace('module = "example', 'cgo = true\nmodule = "example'), encoding="utf-8")
    holding = read_pins(tools_folder)["alpha"]
    assert holding.key != without.key
    assert [golang.build_environment(pin)["CGO_ENABLED"] for pin in (without, holding)] == ["0", "1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "go"', 'kind = "rust"', r"\[alpha\]: kind = 'rust', allowed: go, wheel, npm"),
        ('group = "test"', 'group = "all"', r"\[beta\]: group = 'all', allowed: test, image, demo, cluster"),
        ('group = "test"', 'group = "image"', r"\[beta\]: kind = 'wheel', but what images hold .* must be kind = 'go'"),
        ('sha256 = "00"\n', "", r"\[beta\]: missing sha256"),
        ('release = "1.0"', "release = 1.0", r"\[beta\]: release = 1.0 must be a string"),
        ('module = "example', 'cgo = "no"\nmodule = "example', r"\[alpha\]: cgo = 'no' must be a boolean"),
        ('module = "example', 'moduel = 1\nmodule = "example', r"\[alpha\]: unknown moduel"),
        ('beta = "beta4"', 'beta = "beta5"', r"\[beta\]: alias beta = 'beta5', allowed: beta4"),
        ('beta = "beta4"', 'alpha = "beta4"', r"\[beta\]: binary 'alpha' is also one of \[alpha\]"),
    ],
)
def test_a_wrong_pin_is_named(tools_folder: Path, old: str, new: str, message: str) -> None:
    path = tools_folder / "pins.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PinError, match=message):
        read_pins(tools_folder)


def test_another_architecture_has_its_own_results_and_is_compiled_for(tools_folder: Path) -> None:
    own = read_pins(tools_folder)["alpha"]
    for name in MACHINES:
        pin = replace(own, architecture=name)
        assert pin.foreign == (pin.key != own.key) == (name != own_architecture())
        assert golang.build_environment(pin).get("GOARCH", own_architecture()) == name


def test_what_cannot_be_had_for_another_architecture_is_refused(tools_folder: Path, tmp_path: Path) -> None:
    pins = {name: replace(pin, architecture="sparc") for name, pin in read_pins(tools_folder).items()}
    with pytest.raises(ToolError, match=r"alpha: it holds C, which is compiled for .* only here"):
        golang.build(replace(pins["alpha"], cgo=True), tmp_path, tmp_path / "log", lambda seconds: None)
    with pytest.raises(ToolError, match="beta: the wheel holds linux/amd64 binaries, wanted is linux/sparc"):
        wheels.fetch(pins["beta"], tmp_path, tmp_path / "log", lambda seconds: None)


def test_a_go_tool_without_sums_is_refused(tools_folder: Path) -> None:
    (tools_folder / "alpha" / "go.sum").unlink()
    with pytest.raises(PinError, match=r"tools/alpha/ lacks go.sum"):
        read_pins(tools_folder)


def test_tools_are_selected_by_group_by_name_and_by_binary(tools_folder: Path) -> None:
    pins = read_pins(tools_folder)
    assert [pin.name for pin in select(pins, [], [])] == ["alpha", "beta"]
    assert [pin.name for pin in select(pins, ["test"], [])] == ["beta"]
    assert [pin.name for pin in select(pins, ["test", "cluster"], [])] == ["alpha", "beta"]
    assert [pin.name for pin in select(pins, [], ["beta", "beta4", "alpha"])] == ["beta", "alpha"]
    with pytest.raises(ToolError, match="tool gamma is not pinned; pinned are alpha, beta"):
        select(pins, [], ["gamma"])


def test_keys_are_short_and_hexadecimal(tools_folder: Path) -> None:
    for pin in read_pins(tools_folder).values():
        assert re.fullmatch(r"[0-9a-f]{12}", pin.key)
        assert pin.key != hashlib.sha256(b"").hexdigest()[:12]
