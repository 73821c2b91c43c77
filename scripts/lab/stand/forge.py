"""The forge in the cluster: Gitea in a namespace, and who may do what there."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath

from implementation_dag.forge.errors import ForgeError, Missing
from scripts.lab.errors import LabError
from scripts.lab.forge.driver import ADMIN, Driver
from scripts.lab.forge.settings import app_ini
from scripts.lab.stand.certificates import GitCertificate
from scripts.lab.stand.environment import FORGE_ASSETS, Environment
from scripts.lab.stand.git_host import AtAddress
from scripts.lab.stand.objects import read_secret, render, roll_out, secret
from scripts.lab.stand.repository import OWNER

PORT = 443


@dataclass(frozen=True)
class Identity:
    """A user of the product: what it may in the organization's repositories, and what its token is good for."""

    permission: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """Random, kept in the cluster only: the administrator's password, and what webhooks are signed with."""

    password: str
    webhook: str


PIPELINE, READER, REPORTER, QA = "pipeline", "reader", "reporter", "qa"
IDENTITIES = {
    PIPELINE: Identity("write", ("write:repository",)),
    # Who may do what Gitea tells owners only; this one's token writes nothing.
    READER: Identity("owner", ("read:repository", "read:issue", "read:organization")),
    REPORTER: Identity("write", ("write:repository", "write:issue", "read:user")),
    # An approval counts as a review of whoever may read.
    QA: Identity("read", ("write:repository", "read:user")),
}
_SETTINGS = PurePosixPath("/etc/gitea")


def deploy(where: Environment, namespace: str, host: str, image: str, certificate: GitCertificate) -> Kept:
    """Start the forge in the namespace, known as `host`, and wait for it; return what is kept of it.

    Raises LabError.
    """
    kept = read_secret(where.kubectl, namespace, "forge")
    password, seed, webhook = (kept.get(name) or secrets.token_hex(20) for name in ("password", "seed", "webhook"))
    settings = app_ini(
        url=f"https://{host}",
        address="0.0.0.0",  # noqa: S104 - in a pod of its own
        port=8443,
        static=PurePosixPath(FORGE_ASSETS),
        data=PurePosixPath("/srv/gitea"),
        user="git",
        secret=seed,
        certificate=_SETTINGS / "tls.crt",
        key=_SETTINGS / "tls.key",
    )
    fields = {
        "namespace": namespace,
        "forge_image": image,
        "admin": ADMIN,
        "digest": hashlib.sha256((settings + certificate.certificate + certificate.bundle).encode()).hexdigest()[:12],
    }
    content = {
        "password": password,
        "seed": seed,
        "webhook": webhook,
        "app.ini": settings,
        "tls.crt": certificate.certificate,
        "tls.key": certificate.key,
        "bundle.crt": certificate.bundle,
    }
    where.kubectl.apply([secret(namespace, "forge", content), *render("git.yaml", fields)])
    roll_out(where.kubectl, namespace, "git")
    return Kept(password, webhook)


def tokens(host: str, address: tuple[str, int], bundle: str, password: str) -> dict[str, str]:
    """Return new tokens of the administrator and each of IDENTITIES, after making the organization and its teams.

    Raises LabError.
    """
    way = AtAddress(host, *address, bundle)
    url = f"https://{host}:{address[1]}"
    asking = Driver(url, ADMIN, "", password, transport=way)
    try:
        admin = Driver(url, ADMIN, asking.new_token(ADMIN, ("all",)), password, transport=way)
        users = {login: admin.user(login, identity.scopes) for login, identity in IDENTITIES.items()}
        try:
            admin.call("GET", "/orgs/{owner}", owner=OWNER)
        except Missing:
            admin.organization(OWNER)
            for login, identity in IDENTITIES.items():
                admin.team(OWNER, f"{login}s", login, identity.permission)
        return {ADMIN: admin.token} | {login: user.token for login, user in users.items()}
    except ForgeError as error:
        raise LabError(f"the forge at {address[0]}:{address[1]}: {error}") from error
    finally:
        asking.close()
