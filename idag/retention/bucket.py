"""The lifecycle configuration of a bucket, and what lies in it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from xml.etree.ElementTree import Element

from minio.error import S3Error

from idag import s3
from idag.retention import rules
from idag.retention.errors import RetentionError
from idag.retention.settings import LOGS_PREFIX, Settings
from implementation_dag.contract.names import REFUSED

# What minio calls a dictionary of headers or of a query.
Pairs = dict[str, str | list[str] | tuple[str]]
_LIFECYCLE: Pairs = {"lifecycle": ""}
# AWS resets it on each write that does not repeat it, and with it changes what transitions of others do.
_TRANSITION_SIZE = "x-amz-transition-default-minimum-object-size"
# What a refused run leaves is its index, a kilobyte.
_NOT_EXPIRING = (LOGS_PREFIX, "installation-test/", f"{REFUSED}/")


class Bucket:
    """The bucket of `settings`, with the operator's own credentials: those of AWS's variables or ~/.aws/credentials.

    S3_ENDPOINT (a URL) takes the place of the settings' endpoint, for one that is reached through a port-forward.
    Every method raises RetentionError.
    """

    def __init__(self, settings: Settings) -> None:
        default = f"{'http' if settings.insecure else 'https'}://{settings.endpoint}"
        self.settings = settings
        self.endpoint = os.environ.get("S3_ENDPOINT") or default
        self._client = s3.client(self.endpoint, settings.region)
        self._kept_headers: Pairs = {}

    def rules(self) -> list[Element]:
        """Return the rules that the bucket has."""
        # Minio's own model of rules would lose elements of others' rules, so this sends and reads the XML itself.
        with self._explained():
            try:
                answer = self._client._execute("GET", self.settings.bucket, query_params=_LIFECYCLE)
            except S3Error as error:
                if error.code == "NoSuchLifecycleConfiguration":
                    return []
                raise
            if size := answer.headers.get(_TRANSITION_SIZE):
                self._kept_headers = {_TRANSITION_SIZE: size}
            return rules.parse(answer.data)

    def replace(self, wanted: list[Element]) -> None:
        """Make `wanted` the bucket's rules; none: take the configuration away."""
        with self._explained():
            if not wanted:
                self._client._execute("DELETE", self.settings.bucket, query_params=_LIFECYCLE)
                return
            body = rules.document(wanted)
            digest = md5(body, usedforsecurity=False).digest()
            headers = self._kept_headers | {"Content-MD5": b64encode(digest).decode()}
            self._client._execute("PUT", self.settings.bucket, body=body, headers=headers, query_params=_LIFECYCLE)

    def without_rule(self) -> list[str]:
        """Return the top folders that are no owner of the settings and nothing else of ours."""
        with self._explained():
            folders = [str(item.object_name) for item in self._client.list_objects(self.settings.bucket) if item.is_dir]
        known = (*_NOT_EXPIRING, *(f"{owner}/" for owner in self.settings.owners))
        return [folder for folder in folders if folder not in known]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        where = f"bucket {self.settings.bucket} at {self.endpoint}"
        try:
            yield
        except S3Error as error:
            if error.code in ("NotImplemented", "MethodNotAllowed"):
                raise RetentionError(_by_hand(where, error.code, self.settings)) from None
            if error.code == "AccessDenied":
                hint = "it needs s3:GetLifecycleConfiguration, s3:PutLifecycleConfiguration and s3:ListBucket"
                raise RetentionError(f"{where}: access denied to this identity: {hint}") from None
            raise RetentionError(f"{where}: {error.code}: {error.message}") from None
        except s3.ERRORS as error:
            hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, S3_ENDPOINT, SSL_CERT_FILE"
            raise RetentionError(f"{where}: {s3.words(error)}; {hint}") from None


def _by_hand(where: str, code: str, settings: Settings) -> str:
    parts = [(prefix, days) for prefix, days in settings.prefixes().values() if days]
    commands = "".join(
        f"\n  mc rm --recursive --force --older-than {days}d STORE/{settings.bucket}/{prefix}" for prefix, days in parts
    )
    does = f"let a job of yours run, each day:{commands}" if parts else "nothing is to expire, so nothing is to be done"
    return f"{where}: this S3 service has no lifecycle rules ({code}), so nothing expires by itself; {does}"
