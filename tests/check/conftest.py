"""An S3 service with lifecycle rules, and the credentials of its users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lab import ports

from .s3 import KEYS, serving

MOTO = Path(__file__).resolve().parents[2] / ".venv-moto" / "bin" / "moto_server"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3_ENDPOINT", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    port = ports.free()
    with serving([str(MOTO), "-H", "127.0.0.1", "-p", str(port)], port, {}) as address:
        yield address
