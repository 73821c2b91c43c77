"""The lifecycle rules against S3 services: one that has them (moto), and one that has not (versitygw)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from idag.cli import run
from idag.retention import RetentionError, rules
from idag.retention.applying import apply
from idag.retention.bucket import Bucket
from idag.retention.settings import Settings
from idag.toolchain import tool
from scripts.lab import ports

from .s3 import KEYS, client, serving

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("credentials")
FOREIGN = rules.parse(
    b"<L><Rule><ID>theirs</ID><Filter><And><Prefix>backup/</Prefix><Tag><Key>tier</Key><Value>cold</Value></Tag></And></Filter>"
    b"<Status>Enabled</Status><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition></Rule></L>"
)


@pytest.fixture
def bucket(moto: str, request: pytest.FixtureRequest) -> Bucket:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    host = moto.removeprefix("http://")
    client(host).make_bucket(name)
    return Bucket(Settings("dag", "workflows", host, name, "us-east-1", True, 30, 14, ("acme",)))


def ids(bucket: Bucket) -> list[str]:
    return sorted(rule.findtext("ID") or "" for rule in bucket.rules())


def test_rules_are_applied_once_and_others_stay(bucket: Bucket) -> None:
    bucket.replace(FOREIGN)
    assert "applied, and the bucket says so" in apply(bucket)
    assert ids(bucket) == ["dag.workflows/evidence/acme", "dag.workflows/logs", "theirs"]
    assert "the bucket has these rules already" in apply(bucket)
    bucket.settings = bucket.settings._replace(evidence_days=0, logs_days=0)
    apply(bucket)
    assert rules.same(bucket.rules(), FOREIGN)


def test_all_for_ever_leaves_no_configuration(bucket: Bucket) -> None:
    apply(bucket)
    bucket.settings = bucket.settings._replace(evidence_days=0, logs_days=0)
    assert "applied, and the bucket says so" in apply(bucket)
    assert bucket.rules() == []


def test_a_dry_run_changes_nothing(bucket: Bucket) -> None:
    assert "not applied (--dry-run)" in apply(bucket, dry_run=True)
    assert bucket.rules() == []


def test_a_bucket_that_keeps_other_rules_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bucket.replace
    monkeypatch.setattr(bucket, "replace", lambda wanted: whole(wanted[:-1]))
    with pytest.raises(RetentionError, match="took the rules, but answers others"):
        apply(bucket)


def test_evidence_that_no_rule_covers_is_told(bucket: Bucket) -> None:
    store = client(bucket.settings.endpoint)
    for key in ("acme/shop/pr-1/a/index.json", "Other/shop/pr-1/a/index.json", "argo.logs/a/b/main.log"):
        store.put_object(bucket.settings.bucket, key, io.BytesIO(b"x"), 1)
    warnings = [line for line in apply(bucket) if line.startswith("WARNING")]
    assert warnings == [
        "WARNING no rule for Other/: when it is an owner's evidence, name him in evidence.retention.owners"
    ]


def test_a_bucket_that_is_not_there_is_named(bucket: Bucket) -> None:
    with pytest.raises(RetentionError, match=r"bucket nowhere at http://127.0.0.1:.*NoSuchBucket"):
        apply(Bucket(bucket.settings._replace(bucket="nowhere")))


def test_a_service_without_lifecycle_rules_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("data/implementation-dag-production", "metadata"):
        (tmp_path / folder).mkdir(parents=True)
    port = ports.free()
    command = [str(tool("versitygw")), "--port", f"127.0.0.1:{port}", "--quiet", "posix"]
    command += ["--sidecar", str(tmp_path / "metadata"), str(tmp_path / "data")]
    root = {"ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"], "ROOT_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]}
    with serving(command, port, root) as address:
        monkeypatch.setenv("S3_ENDPOINT", address)
        assert run(["retention", str(ROOT / "kustomize/rendered/production/manifests.yaml")]) == 2
    told = capsys.readouterr().err
    assert "this S3 service has no lifecycle rules (NotImplemented)" in told
    assert "mc rm --recursive --force --older-than 90d STORE/implementation-dag-production/argo.logs/" in told
