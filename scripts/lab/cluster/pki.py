"""The local certificate authority and every certificate it signs (EC P-256, by the openssl program)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.cluster.settings import (
    API_SERVICE_IP,
    API_URL,
    NODE_IP,
    NODE_NAME,
    PREVIEW_DOMAIN,
    State,
    write_if_changed,
)
from scripts.lab.openssl import new_key, openssl, self_signed

DAYS = "825"  # the longest validity that strict TLS clients accept for a server


@dataclass(frozen=True)
class Certificate:
    """One certificate to sign: file name, subject, subject alternative names, extended key usage."""

    name: str
    subject: str
    alternatives: tuple[str, ...] = ()
    usage: str = "clientAuth"


GIT_HOST = "git.implementation-dag-demo.svc"
OF_CLUSTER = (
    Certificate(
        "apiserver",
        "/CN=kube-apiserver",
        (
            f"IP:{NODE_IP}",
            "IP:127.0.0.1",
            f"IP:{API_SERVICE_IP}",
            "DNS:localhost",
            "DNS:kubernetes",
            "DNS:kubernetes.default",
            "DNS:kubernetes.default.svc",
            "DNS:kubernetes.default.svc.cluster.local",
        ),
        "serverAuth",
    ),
    Certificate("apiserver-kubelet", "/CN=idag:apiserver-kubelet"),
    Certificate("admin", "/O=system:masters/CN=admin"),
    Certificate("controller-manager", "/CN=system:kube-controller-manager"),
    Certificate("scheduler", "/CN=system:kube-scheduler"),
    Certificate(
        "kubelet",
        f"/O=system:nodes/CN=system:node:{NODE_NAME}",
        (f"IP:{NODE_IP}", f"DNS:{NODE_NAME}"),
        "clientAuth,serverAuth",
    ),
    Certificate("proxy", "/CN=system:kube-proxy"),
    Certificate("registry", "/CN=registry", (f"IP:{NODE_IP}",), "serverAuth"),
    Certificate("git", f"/CN={GIT_HOST}", (f"DNS:{GIT_HOST}.cluster.local", f"DNS:{GIT_HOST}"), "serverAuth"),
)
KUBECONFIGS = ("controller-manager", "scheduler", "kubelet", "proxy")


def certificates() -> tuple[Certificate, ...]:
    """Return what is signed."""
    return (*OF_CLUSTER, _of_previews())


def _of_previews() -> Certificate:
    # What reads YAML is there when a cluster comes up, and not when `make down` runs without the virtual environment.
    from idag.overlays.environments import environments
    from scripts.chart.render.project import ROOT

    # A wildcard stands for one label: an environment may have its previews a level lower.
    domains = dict.fromkeys((PREVIEW_DOMAIN, *(one.domain for one in environments(ROOT))))
    return Certificate("preview", f"/CN=*.{PREVIEW_DOMAIN}", tuple(f"DNS:*.{one}" for one in domains), "serverAuth")


def ensure(state: State) -> bool:
    """Create what is missing or outdated of the CA, certificates and kubeconfigs; True when anything was made."""
    pki = state.pki
    pki.mkdir(parents=True, exist_ok=True)
    pki.chmod(0o755)  # the CA certificate is for everyone; the keys are not
    made = False
    if not (pki / "ca.crt").is_file():
        new_key(pki / "ca.key")
        uses = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        self_signed(pki / "ca.key", pki / "ca.crt", "/CN=implementation-dag local CA", 3650, *uses)
        made = True
    if not (pki / "service-account.pub").is_file():
        new_key(pki / "service-account.key")
        openssl("pkey", "-pubout", "-in", str(pki / "service-account.key"), "-out", str(pki / "service-account.pub"))
        made = True
    for certificate in certificates():
        if not _is_signed(pki, certificate):
            _sign(pki, certificate)
            made = True
    for name in KUBECONFIGS:
        made |= write_if_changed(state.config / f"{name}.kubeconfig", kubeconfig(pki, name), 0o600)
    made |= write_if_changed(state.admin_kubeconfig, kubeconfig(pki, "admin"), 0o600)
    return made


def kubeconfig(pki: Path, name: str) -> str:
    """A kubeconfig for the client certificate `name`, with the certificates inside it."""

    def inline(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    return f"""\
apiVersion: v1
kind: Config
clusters:
  - name: implementation-dag
    cluster:
      server: {API_URL}
      certificate-authority-data: {inline("ca.crt")}
users:
  - name: {name}
    user:
      client-certificate-data: {inline(name + ".crt")}
      client-key-data: {inline(name + ".key")}
contexts:
  - name: implementation-dag
    context:
      cluster: implementation-dag
      user: {name}
current-context: implementation-dag
"""


def extensions(certificate: Certificate) -> str:
    """The openssl extension file of a certificate."""
    lines = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        f"extendedKeyUsage={certificate.usage}",
        "authorityKeyIdentifier=keyid",
    ]
    if certificate.alternatives:
        lines.append("subjectAltName=" + ",".join(certificate.alternatives))
    return "\n".join(lines) + "\n"


def _is_signed(pki: Path, certificate: Certificate) -> bool:
    """Whether the certificate is there, signed with the extensions it has today: they lie beside it."""
    signed, extension = pki / f"{certificate.name}.crt", pki / f"{certificate.name}.ext"
    return signed.is_file() and extension.is_file() and extension.read_text() == extensions(certificate)


def _sign(pki: Path, certificate: Certificate) -> None:
    name = certificate.name
    request, extension, signed = (pki / f"{name}.{suffix}" for suffix in ("csr", "ext", "crt"))
    new_key(pki / f"{name}.key")
    openssl(
        "req", "-new", "-sha256", "-subj", certificate.subject,
        "-key", str(pki / f"{name}.key"), "-out", str(request),
    )  # fmt: skip
    # Written beside and renamed, the extensions last: an interrupted `up` must not leave half a certificate.
    Path(f"{extension}.new").write_text(extensions(certificate))
    openssl(
        "x509", "-req", "-sha256", "-days", DAYS, "-in", str(request), "-CA", str(pki / "ca.crt"),
        "-CAkey", str(pki / "ca.key"), "-CAcreateserial", "-extfile", f"{extension}.new", "-out", f"{signed}.new",
    )  # fmt: skip
    for path in (signed, extension):
        Path(f"{path}.new").rename(path)
    request.unlink()
