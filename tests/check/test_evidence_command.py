"""`idag evidence` and `idag logs` with a release's own bucket and Secret: a real API server and an S3 service."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.cli import run
from implementation_dag.base import wait
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from tests.api.server import running
from tests.api.workflows import definitions, nodes

from .s3 import KEYS, client

BUCKET = "evidence-of-runs"
PREFIX = "acme/shop/pr-7/run-1"
LOG_KEY = "argo.logs/run-1/pod/main.log"
FILES = {"index.json": b'{"result": "Succeeded"}', "qa/performance.json": b"{}"}


def named(version: str, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, **fields}


@pytest.fixture(scope="module")
def cluster(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A release with one run, and what that run left in the bucket."""
    host = moto.removeprefix("http://")
    store = client(host)
    store.make_bucket(BUCKET)
    kept = {f"{PREFIX}/{name}": content for name, content in FILES.items()} | {LOG_KEY: b"hello\x1b[2J\nend\n"}
    for key, content in kept.items():
        store.put_object(BUCKET, key, io.BytesIO(content), len(content))
    keys = {
        field: {"name": "s3", "key": key}
        for field, key in {"accessKeySecret": "accessKey", "secretKeySecret": "secretKey"}.items()
    }
    place = {"endpoint": host, "bucket": BUCKET, "region": "us-east-1", "insecure": True, **keys}
    log = {"name": "main-logs", "s3": {"key": LOG_KEY}}
    found = nodes("run-1", {"deploy": "Succeeded"})
    found["run-1-deploy"]["outputs"] = {"artifacts": [log]}
    arguments = [{"name": "owner", "value": "acme"}, {"name": "repo", "value": "shop"}, {"name": "pr", "value": "7"}]
    template = named("argoproj.io/v1alpha1", "WorkflowTemplate", "dag", spec={"templates": [{"name": "set-params"}]})
    template["metadata"]["labels"] = {"app.kubernetes.io/component": "workflow"}
    encoded = [base64.b64encode(text.encode()).decode() for text in KEYS.values()]
    objects = [
        named("v1", "Secret", "s3", data=dict(zip(("accessKey", "secretKey"), encoded, strict=True))),
        named("v1", "ConfigMap", "dag-artifacts", data={"evidence": json.dumps({"s3": place})}),
        template,
        named(
            "argoproj.io/v1alpha1",
            "Workflow",
            "run-1",
            spec={"workflowTemplateRef": {"name": "dag"}, "arguments": {"parameters": arguments}},
            status={"phase": "Succeeded", "nodes": found},
        ),
    ]
    with running(tmp_path_factory.mktemp("api")) as kubectl:
        kubectl.apply(definitions())

        def applied() -> bool:
            try:
                kubectl.apply(objects)
            except LabError:
                return False
            return True

        assert wait.until(applied, 30, 0.3)
        yield kubectl


@pytest.fixture(autouse=True)
def person(cluster: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has a kubeconfig and no keys of S3."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    for name in ("S3_ENDPOINT", *KEYS):
        monkeypatch.delenv(name, raising=False)


def test_evidence_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evidence", "acme/shop#7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"s3://{BUCKET}/{PREFIX}"
    assert [line.split() for line in lines[2:]] == [[name, str(len(FILES[name]))] for name in sorted(FILES)]


def test_the_index_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evidence", "run-1", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"result": "Succeeded"}


def test_evidence_is_downloaded(tmp_path: Path) -> None:
    assert run(["evidence", "run-1", "--download", str(tmp_path / "here")]) == 0
    assert {name: (tmp_path / "here" / name).read_bytes() for name in FILES} == FILES


def test_a_log_comes_from_the_bucket_and_drives_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "acme/shop#7", "deploy"]) == 0
    assert capsys.readouterr().out == "hello\\x1b[2J\nend\n"


def test_the_persons_own_keys_and_endpoint_come_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    for name in KEYS:
        monkeypatch.setenv(name, "mine")
    assert run(["evidence", "run-1"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"idag: bucket {BUCKET} at http://127.0.0.1:1: ")
    assert len(told.splitlines()) == 1


def test_a_missing_secret_is_told(cluster: Kubectl, capsys: pytest.CaptureFixture[str]) -> None:
    kept = cluster.get("secret", "s3", "--namespace=default")
    assert kept
    cluster.run("delete", "secret", "s3", "--namespace=default")
    try:
        assert run(["evidence", "run-1"]) == 2
        assert "there is no Secret s3 with key accessKey in namespace default" in capsys.readouterr().err
    finally:
        cluster.apply([named("v1", "Secret", "s3", data=kept["data"])])
