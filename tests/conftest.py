"""A TLS server's certificate for the tests that serve on this machine, and how hypothesis looks for examples."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import hypothesis
import pytest

from scripts.lab.openssl import new_key, openssl, self_signed

# How long an example takes says nothing on a machine that does other work.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")


@pytest.fixture(scope="session", autouse=True)
def outputs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where steps write their output parameters, which is in their pod's own /tmp."""
    os.environ["OUTPUTS"] = str(tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ca.crt, and server.crt/server.key issued by it for `localhost`."""
    folder = tmp_path_factory.mktemp("pki")

    authority, ca, key = folder / "ca.key", folder / "ca.crt", folder / "server.key"
    new_key(authority)
    new_key(key)
    self_signed(authority, ca, "/CN=test CA", 1, "keyUsage=critical,keyCertSign")
    openssl(
        "req", "-x509", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-addext", "basicConstraints=critical,CA:FALSE", "-CA", str(ca), "-CAkey", str(authority),
        "-key", str(key), "-out", str(folder / "server.crt"),
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def tls(pki: Path) -> ssl.SSLContext:
    """Server side TLS with the certificate for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.crt", pki / "server.key")
    return context
