"""The fake GitHub with two apps installed, and the credentials of these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from idag.toolchain import asset

from .description import Description
from .fake import GitHub

APPS = {11: "reporter", 12: "qa"}


@pytest.fixture(scope="session")
def description() -> Description:
    return Description(asset("github-openapi", "api.json"))


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a folder of credentials for each app, and their public key."""
    folder = tmp_path_factory.mktemp("apps")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    for number, name in APPS.items():
        (folder / name).mkdir()
        (folder / name / "app-id").write_text(f"{number}\n")
        (folder / name / "private-key.pem").write_bytes(private)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "public").write_bytes(public)
    return folder


@pytest.fixture
def fresh(description: Description, credentials: Path) -> Callable[[], GitHub]:
    return lambda: GitHub(description, APPS, (credentials / "public").read_text())
