"""The evidence of a run in S3: listing, download, and its index checked against the objects' own bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from minio import Minio

from implementation_dag.contract import names
from implementation_dag.contract.stages import PROMISED
from implementation_dag.steps import evidence_index
from scripts.lab.stand.backends import BUCKET, Credentials
from scripts.lab.stand.environment import RELEASE_NAMESPACE

INDEX = "index.json"


@dataclass(frozen=True)
class Evidence:
    """Objects of one run: `files` maps names below `prefix` to their bytes."""

    prefix: str
    files: dict[str, bytes]

    def document(self, name: str) -> Any:
        """A JSON file's content, None when the file is not there. Raises ValueError when it is no JSON."""
        return json.loads(self.files[name]) if name in self.files else None

    def listing(self) -> list[dict[str, Any]]:
        """Path in the bucket, bytes and sha256 of every object, computed from what S3 gave."""
        return [
            {
                "path": f"{self.prefix}/{name}",
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in sorted(self.files.items())
        ]


def client(address: tuple[str, int], credentials: Credentials) -> Minio:
    """A client of the demo's S3 service at (host, port)."""
    host, port = address
    return Minio(
        f"{host}:{port}",
        access_key=credentials.s3_access_key,
        secret_key=credentials.s3_secret_key,
        region="us-east-1",
        secure=False,
    )


def prefix(owner: str, repo: str, pr: str, workflow: str) -> str:
    """Where a run's evidence lies in the bucket."""
    return names.evidence_prefix(owner, repo, pr, workflow, RELEASE_NAMESPACE)


def download(store: Minio, where: str) -> Evidence:
    """Every object below `where`. Raises minio's S3Error."""
    files = {}
    for item in store.list_objects(BUCKET, prefix=f"{where}/", recursive=True):
        name = str(item.object_name)
        if name.endswith("/"):
            continue
        answer = store.get_object(BUCKET, name)
        try:
            files[name.removeprefix(f"{where}/")] = answer.read()
        finally:
            answer.close()
            answer.release_conn()
    return Evidence(where, files)


def missing(evidence: Evidence, stages: tuple[str, ...]) -> list[str]:
    """Promised files of the given stages that are not there."""
    wanted = [f"{stage}/{name}" for stage in stages for name in PROMISED[stage]]
    return [
        name
        for name in wanted
        if not any(found == name or (name.endswith("/") and found.startswith(name)) for found in evidence.files)
    ]


def schema_problems(evidence: Evidence) -> list[str]:
    """Where index.json is not as its schema has it."""
    errors = Draft202012Validator(evidence_index.schema()).iter_errors(evidence.document(INDEX))
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


def index_problems(evidence: Evidence) -> list[str]:
    """What is wrong with index.json: not there, a wrong size or sha256, a file it names or leaves out."""
    index = evidence.document(INDEX)
    if index is None:
        return [f"{evidence.prefix}/{INDEX} is not there"]
    problems = []
    named = {str(item["name"]): item for item in index["files"]}
    for name, item in named.items():
        content = evidence.files.get(name)
        if content is None:
            problems.append(f"{name} is in the index but not in S3")
            continue
        actual = hashlib.sha256(content).hexdigest()
        if (item["size"], item["sha256"]) != (len(content), actual):
            problems.append(
                f"{name}: the index says {item['size']} B {item['sha256'][:12]}, S3 has {len(content)} B {actual[:12]}"
            )
    unnamed = sorted(set(evidence.files) - set(named) - {INDEX})
    return problems + [f"{name} is in S3 but not in the index" for name in unnamed]
