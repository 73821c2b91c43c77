"""A run's evidence in the release's bucket: what there is, and a copy of it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightkube.resources.core_v1 import ConfigMap, Secret
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import S3Error

from idag import s3
from idag.cluster.errors import ClusterError
from idag.cluster.release import Release
from idag.yaml_reader import load

Object = dict[str, Any]
INDEX, REPORT = "index.json", "report.html"
# What a person should have in memory of an object that is shown.
SHOWN_LIMIT = 16 * 1024 * 1024


class Store:
    """The bucket of a release. Credentials are AWS's variables, else the Secret that the release itself uses.

    S3_ENDPOINT (a URL) takes the place of the release's endpoint. Every method raises ClusterError.
    """

    def __init__(self, release: Release) -> None:
        told = _settings(release)
        scheme = "http" if told.get("insecure") else "https"
        self.bucket = str(told["bucket"])
        self.endpoint = os.environ.get("S3_ENDPOINT") or f"{scheme}://{told['endpoint']}"
        self._client = _client(release, told, self.endpoint)

    def listed(self, prefix: str) -> dict[str, int]:
        """Return name below `prefix` → bytes of every object."""
        with self._explained():
            found = self._client.list_objects(self.bucket, prefix=f"{prefix}/", recursive=True)
            return {
                str(item.object_name).removeprefix(f"{prefix}/"): item.size or 0 for item in found if not item.is_dir
            }

    def index(self, prefix: str) -> Object:
        """Return the run's index.json."""
        try:
            found = json.loads(self.read(f"{prefix}/{INDEX}"))
        except ValueError as error:
            raise ClusterError(f"{prefix}/{INDEX} is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise ClusterError(f"{prefix}/{INDEX} is no JSON object")
        return found

    def read(self, key: str) -> bytes:
        """Return an object's content, cut at a limit."""
        with self._explained():
            try:
                answer = self._client.get_object(self.bucket, key, length=SHOWN_LIMIT)
            except S3Error as error:
                if error.code == "NoSuchKey":
                    raise ClusterError(f"there is no {key} in bucket {self.bucket}") from None
                raise
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def download(self, prefix: str, folder: Path) -> Iterator[Path]:
        """Write every object below `prefix` into `folder`; yield each file."""
        for name in self.listed(prefix):
            path = (folder / name).resolve()
            # Names are what a run's own files are called.
            if not path.is_relative_to(folder.resolve()):
                raise ClusterError(f"{prefix}/{name} leads out of {folder}")
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._explained():
                self._client.fget_object(self.bucket, f"{prefix}/{name}", str(path))
            yield path

    @contextmanager
    def _explained(self) -> Iterator[None]:
        where = f"bucket {self.bucket} at {self.endpoint}"
        try:
            yield
        except S3Error as error:
            raise ClusterError(f"{where}: {error.code}: {error.message}") from None
        except s3.ERRORS as error:
            hint = "S3_ENDPOINT names another address, such as a port-forward's; SSL_CERT_FILE a private authority"
            raise ClusterError(f"{where}: {s3.words(error)}; {hint}") from None


def _settings(release: Release) -> Object:
    name = f"{release.name}-artifacts"
    found = release.access.find(f"ConfigMap {name}", ConfigMap, name, namespace=release.namespace)
    text = ((found or {}).get("data") or {}).get("evidence", "")
    told = load(text, f"ConfigMap {name}: data.evidence") or {}
    place = told.get("s3") if isinstance(told, dict) else None
    if not isinstance(place, dict) or not place.get("bucket"):
        raise ClusterError(
            f"release {release.name} has no bucket of its own: evidence.s3.bucket is empty in its values"
        )
    return place


def _client(release: Release, told: Object, endpoint: str) -> Minio:
    if os.environ.get("AWS_ACCESS_KEY_ID") or not told.get("accessKeySecret"):
        return s3.client(endpoint, str(told.get("region") or ""))
    keys = [_of_secret(release, told[field]) for field in ("accessKeySecret", "secretKeySecret")]
    return s3.client(endpoint, str(told.get("region") or ""), StaticProvider(*keys))


def _of_secret(release: Release, reference: Object) -> str:
    name, key = str(reference["name"]), str(reference["key"])
    hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to go without it"
    try:
        found = release.access.find(f"Secret {name}", Secret, name, namespace=release.namespace)
    except ClusterError as error:
        raise ClusterError(f"{error}; {hint}") from None
    value = ((found or {}).get("data") or {}).get(key)
    if value is None:
        raise ClusterError(f"there is no Secret {name} with key {key} in namespace {release.namespace}; {hint}")
    return base64.b64decode(value).decode()
