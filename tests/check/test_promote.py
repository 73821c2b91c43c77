"""The evidence of a promotion is read from an S3 service."""

import io
import json
from pathlib import Path

import pytest

from idag.promote import PromoteError, evidence

from .s3 import client

INDEX = {"result": "Succeeded", "stages": {}, "files": [], "pipeline": {}, "workflow": "run-1"}
KEY = "acme/shop/pr-7/run-1/index.json"


@pytest.fixture(autouse=True)
def _bucket(moto: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_ENDPOINT", moto)
    store = client(moto.removeprefix("http://"))
    if not store.bucket_exists("promote"):
        store.make_bucket("promote")
        text = json.dumps(INDEX).encode()
        store.put_object("promote", KEY, io.BytesIO(text), len(text))


def test_the_index_is_read_with_the_variables_credentials() -> None:
    assert evidence.read(f"s3://promote/{KEY}") == INDEX


def test_the_index_is_read_with_the_credentials_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    with pytest.raises(PromoteError, match=r"evidence s3://promote/.* cannot be read: .*credential"):
        evidence.read(f"s3://promote/{KEY}")
    path.write_text("[default]\naws_access_key_id = evidence-test\naws_secret_access_key = evidence-test\n")
    assert evidence.read(f"s3://promote/{KEY}") == INDEX


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("s3://promote/nothing.json", "NoSuchKey"),
        ("s3://nowhere/index.json", "NoSuchBucket"),
        ("s3://promote", "cannot be read"),
    ],
)
def test_a_wrong_place_is_named(place: str, words: str) -> None:
    with pytest.raises(PromoteError, match=f"evidence {place} cannot be read: .*{words}|{words}"):
        evidence.read(place)
