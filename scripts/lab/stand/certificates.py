"""The forge's certificate and the bundle of authorities that the pipeline trusts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from scripts.lab import openssl
from scripts.lab.stand.environment import DEMO_NAMESPACE, Environment

GIT_HOST = f"git.{DEMO_NAMESPACE}.svc.cluster.local"


@dataclass(frozen=True)
class GitCertificate:
    """`bundle` holds every authority the pipeline needs: forge, registry, previews."""

    certificate: str
    key: str
    bundle: str


def git_certificate(environment: Environment, folder: Path) -> GitCertificate:
    """The local CA's certificate for the forge; on a user's cluster a self-signed one, made in `folder`."""
    if environment.local:
        pki = environment.state.pki
        bundle = (pki / "ca.crt").read_text()
        return GitCertificate((pki / "git.crt").read_text(), (pki / "git.key").read_text(), bundle)
    certificate, key = self_signed(GIT_HOST, folder)
    own = environment.ca.read_text() if environment.ca else ""
    return GitCertificate(certificate, key, system_authorities() + own + certificate)


def self_signed(host: str, folder: Path) -> tuple[str, str]:
    """A new certificate for `host`, which is its own authority, and its key, made in `folder`. Raises LabError."""
    certificate, key = folder / "git.crt", folder / "git.key"
    openssl.new_key(key)
    openssl.self_signed(key, certificate, "/CN=implementation-dag git", 30, f"subjectAltName=DNS:{host}")
    return certificate.read_text(), key.read_text()


def system_authorities() -> str:
    """The certificates that this machine trusts, as one PEM text."""
    context = ssl.create_default_context()
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in context.get_ca_certs(binary_form=True))
