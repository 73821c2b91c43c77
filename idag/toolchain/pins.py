"""Read tools/pins.toml and give each pinned tool the key under which the cache keeps it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from idag import data
from idag.toolchain.architecture import own_architecture
from idag.toolchain.errors import PinError

TOOLS_FOLDER = data.TOOLS
KINDS = ("go", "wheel", "npm")
# What our images hold, and so reaches others: built here from its own project's module, nothing else.
IMAGE = "image"
GROUPS = ("test", IMAGE, "demo", "cluster", "isolation", "argocd", "check", "bench", "observability")
PREPARATIONS = ("", "argo")
MODULE_FILES = ("go.mod", "go.sum", "tools.go")
# Raised when the way of building changes what comes out, so that old results are not taken for new ones.
RECIPE = 1

_SHAPES: dict[str, type] = {
    "binaries": dict,
    "aliases": dict,
    "assets": dict,
    "version_arguments": list,
    "ldflags": list,
    "build_tags": list,
    "cgo": bool,
}
_SHAPE_NAMES: dict[type, str] = {str: "string", dict: "table of strings", list: "list of strings", bool: "boolean"}
_REQUIRED = {
    "go": ("version", "kind", "group", "module", "binaries"),
    "wheel": ("version", "kind", "group", "distribution", "release", "sha256", "binaries"),
    "npm": ("version", "kind", "group", "package", "integrity", "assets"),
}
_OPTIONAL = {
    "go": ("version_arguments", "aliases", "ldflags", "build_tags", "cgo", "assets", "preparation", "folder"),
    "wheel": ("version_arguments", "aliases"),
    "npm": (),
}


@dataclass(frozen=True)
class Pin:
    """One tool of pins.toml. `binaries` maps installed name to Go package or path in the wheel's layer."""

    name: str
    version: str
    kind: str
    group: str
    binaries: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    version_arguments: tuple[str, ...] = ()
    module: str = ""
    ldflags: tuple[str, ...] = ()
    build_tags: tuple[str, ...] = ()
    cgo: bool = False
    assets: dict[str, str] = field(default_factory=dict)
    preparation: str = ""
    # Of the tool whose module this one is built from too.
    folder: str = ""
    distribution: str = ""
    release: str = ""
    sha256: str = ""
    package: str = ""
    integrity: str = ""
    tools_folder: Path = TOOLS_FOLDER
    architecture: str = field(default_factory=own_architecture)

    @property
    def foreign(self) -> bool:
        """Whether the tool is for another architecture than this machine's."""
        return self.architecture != own_architecture()

    @property
    def module_folder(self) -> Path:
        """Folder of this tool's go.mod, go.sum and tools.go."""
        return self.tools_folder / (self.folder or self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which a binary of this tool appears in the bin folder."""
        return (*self.binaries, *self.aliases)

    @property
    def key(self) -> str:
        """12 hex digits over everything that decides the binaries' bytes, but for the Go release."""
        inputs: dict[str, Any] = {
            "recipe": RECIPE,
            "version": self.version,
            "kind": self.kind,
            "binaries": self.binaries,
            "module": self.module,
            "ldflags": self.ldflags,
            "assets": self.assets,
            "preparation": self.preparation,
            "wheel": [self.distribution, self.release, self.sha256],
        }
        # Only where there are some, so that tools without keep the keys under which they are cached.
        if self.build_tags:
            inputs["build_tags"] = self.build_tags
        if self.cgo:
            inputs["cgo"] = self.cgo
        if self.foreign:
            inputs["architecture"] = self.architecture
        if self.package:
            inputs["npm"] = [self.package, self.integrity]
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode())
        if self.kind == "go":
            for name in MODULE_FILES:
                digest.update((self.module_folder / name).read_bytes())
            # Programs of our own in the module, put together of its packages.
            for path in sorted(self.module_folder.glob("*/*.go")):
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


def read_pins(tools_folder: Path = TOOLS_FOLDER) -> dict[str, Pin]:
    """Return the pins of `<tools_folder>/pins.toml` in the file's order.

    Raises PinError that names the tool, the field, its value and what is allowed.
    """
    path = tools_folder / "pins.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PinError(f"{path} is missing: the checkout is not complete") from error
    except tomllib.TOMLDecodeError as error:
        raise PinError(f"tools/pins.toml is not valid TOML: {error}") from error
    pins = {name: _pin(name, table, tools_folder) for name, table in document.items()}
    _check_names_are_unique(pins)
    return pins


def pins_for(architecture: str) -> dict[str, Pin]:
    """The checkout's pins, for the architecture. Raises PinError."""
    return {name: replace(pin, architecture=architecture) for name, pin in read_pins().items()}


def pins_key(pins: dict[str, Pin]) -> str:
    """12 hex digits over all pins: the name of the bin folder that belongs to them."""
    lines = [f"{pin.name} {pin.version} {pin.key} {sorted(pin.aliases.items())}" for pin in pins.values()]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]


def _pin(name: str, table: Any, tools_folder: Path) -> Pin:
    where = f"tools/pins.toml [{name}]"
    if not isinstance(table, dict):
        raise PinError(f"{where}: got {table!r}, a table is needed")
    kind = _one_of(where, table, "kind", KINDS)
    _one_of(where, table, "group", GROUPS)
    if "preparation" in table:
        _one_of(where, table, "preparation", PREPARATIONS)
    missing = [key for key in _REQUIRED[kind] if key not in table]
    if missing:
        raise PinError(f"{where}: missing {', '.join(missing)}, which kind = {kind!r} needs")
    allowed = (*_REQUIRED[kind], *_OPTIONAL[kind])
    unknown = [key for key in table if key not in allowed]
    if unknown:
        raise PinError(f"{where}: unknown {', '.join(unknown)}; kind = {kind!r} allows {', '.join(allowed)}")
    if table["group"] == IMAGE and kind != "go":
        raise PinError(f"{where}: kind = {kind!r}, but what images hold (group = 'image') must be kind = 'go'")
    values = {key: _shaped(where, key, value) for key, value in table.items()}
    for alias, target in table.get("aliases", {}).items():
        if target not in table["binaries"]:
            allowed_targets = ", ".join(table["binaries"])
            raise PinError(f"{where}: alias {alias} = {target!r}, allowed: {allowed_targets}")
    pin = Pin(name=name, tools_folder=tools_folder, **values)
    if kind == "go":
        absent = [file for file in MODULE_FILES if not (pin.module_folder / file).is_file()]
        if absent:
            raise PinError(f"{where}: tools/{pin.module_folder.name}/ lacks {', '.join(absent)}")
    return pin


def _shaped(where: str, key: str, value: Any) -> Any:
    shape = _SHAPES.get(key, str)
    if not isinstance(value, shape):
        raise PinError(f"{where}: {key} = {value!r} must be a {_SHAPE_NAMES[shape]}")
    return tuple(value) if isinstance(value, list) else value


def _one_of(where: str, table: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = table.get(key)
    if value not in allowed:
        raise PinError(f"{where}: {key} = {value!r}, allowed: {', '.join(filter(None, allowed))}")
    return str(value)


def _check_names_are_unique(pins: dict[str, Pin]) -> None:
    owners: dict[str, str] = {}
    for pin in pins.values():
        for name in pin.names:
            if name in owners:
                where = f"tools/pins.toml [{pin.name}]"
                raise PinError(f"{where}: binary {name!r} is also one of [{owners[name]}], rename one")
            owners[name] = pin.name
