"""A small tools folder with one Go tool and one tool from a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

PINS = """
[alpha]
version = "1.2.3"
kind = "go"
group = "cluster"
module = "example.org/alpha"
binaries = { alpha = "example.org/alpha/cmd/alpha" }
version_arguments = ["--version"]

[beta]
version = "4.5.6"
kind = "wheel"
group = "test"
distribution = "beta-wheel"
release = "1.0"
sha256 = "00"
binaries = { beta4 = "beta/beta" }
aliases = { beta = "beta4" }
"""


@pytest.fixture
def tools_folder(tmp_path: Path) -> Path:
    """A tools folder as the checkout has it."""
    folder = tmp_path / "tools"
    (folder / "alpha").mkdir(parents=True)
    for name in ("go.mod", "go.sum", "tools.go"):
        (folder / "alpha" / name).write_text(f"{name}\n", encoding="utf-8")
    (folder / "pins.toml").write_text(PINS, encoding="utf-8")
    return folder
