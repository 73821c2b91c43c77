"""What Gitea is told: one small forge without pages for people, mail, packages or actions."""

from __future__ import annotations

import base64
import hashlib
from pathlib import PurePath

# What the forge must not ask of the machine (SSH), or would spend its start on (indexes, packages, actions, cron).
_TEMPLATE = """\
APP_NAME = implementation-dag
RUN_USER = {user}
WORK_PATH = {data}

[server]
PROTOCOL = {protocol}
HTTP_ADDR = {address}
HTTP_PORT = {port}
DOMAIN = {host}
ROOT_URL = {url}/
CERT_FILE = {certificate}
KEY_FILE = {key}
STATIC_ROOT_PATH = {static}
APP_DATA_PATH = {data}/data
OFFLINE_MODE = true
DISABLE_SSH = true
LFS_START_SERVER = false

[database]
DB_TYPE = sqlite3
PATH = {data}/gitea.db
SQLITE_JOURNAL_MODE = WAL
; Half a second is the default: on a busy machine calls would fail, as the database is in use.
SQLITE_TIMEOUT = 60000

[repository]
ROOT = {data}/repositories
DEFAULT_BRANCH = main
DEFAULT_PRIVATE = private

[git]
HOME_PATH = {data}/home

[git.config]
; As at GitHub: whoever may read the repository may fetch any commit of it.
uploadpack.allowAnySHA1InWant = true
uploadpack.allowFilter = true

[security]
INSTALL_LOCK = true
SECRET_KEY = {secret_key}
INTERNAL_TOKEN = {internal_token}
PASSWORD_HASH_ALGO = pbkdf2$10000$50

[oauth2]
ENABLED = false
JWT_SECRET = {jwt_secret}

[service]
DISABLE_REGISTRATION = true
REQUIRE_SIGNIN_VIEW = true

[webhook]
ALLOWED_HOST_LIST = *

[indexer]
ISSUE_INDEXER_TYPE = db

[cron]
ENABLED = false

[packages]
ENABLED = false

[actions]
ENABLED = false

[api]
ENABLE_SWAGGER = false

[log]
MODE = console
LEVEL = Warn
"""


def app_ini(
    *,
    url: str,
    address: str,
    port: int,
    static: PurePath,
    data: PurePath,
    user: str,
    secret: str,
    certificate: PurePath | None = None,
    key: PurePath | None = None,
) -> str:
    """Return the app.ini of a forge that is known as `url` and listens on `address`; its secrets come of `secret`.

    `static` holds the folders templates and options, `data` is the only one that is written to.
    """

    def derived(name: str) -> bytes:
        return hashlib.sha256(f"{name} {secret}".encode()).digest()

    return _TEMPLATE.format(
        url=url.rstrip("/"),
        host=url.partition("://")[2].partition(":")[0].rstrip("/"),
        protocol="https" if certificate else "http",
        address=address,
        port=port,
        static=static,
        data=data,
        user=user,
        certificate=certificate or "",
        key=key or "",
        secret_key=derived("key").hex(),
        internal_token=derived("internal").hex(),
        jwt_secret=base64.urlsafe_b64encode(derived("jwt")).decode().rstrip("="),
    )
