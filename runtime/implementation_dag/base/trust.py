"""Which certificate authorities are trusted: the system's, plus one given as a file."""

from __future__ import annotations

import ssl
from pathlib import Path

from .errors import StepError

_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
)


def system_bundle() -> Path | None:
    """Return the system's CA bundle, or None in an image without one."""
    for name in (ssl.get_default_verify_paths().openssl_cafile, *_SYSTEM_BUNDLES):
        if name and Path(name).is_file():
            return Path(name)
    return None


def write_bundle(ca_file: Path, folder: Path) -> Path:
    """Write the system's authorities and those of `ca_file` (PEM) into one file in `folder`; return its path.

    Go takes SSL_CERT_FILE instead of the system's bundle, not beside it. Raises StepError when
    `ca_file` holds no usable certificate.
    """
    try:
        given = ca_file.read_text(encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=given)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise StepError(f"CA_FILE is {str(ca_file)!r}: it holds no usable PEM certificate ({error})") from None
    system = system_bundle()
    bundle = folder / "trusted.pem"
    bundle.write_text((system.read_text(encoding="utf-8") + "\n" if system else "") + given, encoding="utf-8")
    return bundle
