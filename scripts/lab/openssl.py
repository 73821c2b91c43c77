"""The program openssl: keys, and certificates that are their own authorities."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.lab.errors import LabError

CURVE = "ec_paramgen_curve:P-256"


def openssl(*arguments: str) -> None:
    """Run openssl. Raises LabError with its words."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def new_key(path: Path) -> None:
    """Write a new key, which only its owner reads."""
    path.touch(mode=0o600)
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", CURVE, "-out", str(path))


def self_signed(key: Path, certificate: Path, subject: str, days: int, *extensions: str) -> None:
    """Write a certificate of the key that the key itself has signed."""
    added = [word for extension in extensions for word in ("-addext", extension)]
    openssl(
        "req", "-x509", "-new", "-sha256", "-days", str(days), "-subj", subject, *added,
        "-key", str(key), "-out", str(certificate),
    )  # fmt: skip
