"""Signed links: as another's client signs them, and the same each time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minio import Minio

from implementation_dag.base import moments
from implementation_dag.base.errors import StepError
from implementation_dag.pull_requests.evidence import ACCESS_KEY, SECRET_KEY, Signed
from implementation_dag.pull_requests.settings import load
from implementation_dag.reporting.words import address
from tests.api.pull_requests.process import told

SINCE = "2026-11-30T10:00:00Z"
# Other clients refuse names that are dots or spaces alone.
NAME = st.text("abcXYZ019._-~ äß+&%=", min_size=1, max_size=12).filter(lambda name: name.strip(". "))
KEY = st.lists(NAME, min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("key")
    (found / ACCESS_KEY).write_text("reader\n")
    (found / SECRET_KEY).write_text("s3cret/+=\n")
    return found


@given(KEY, st.integers(1, 7), st.sampled_from(["us-east-1", "eu-central-1"]), st.booleans())
def test_a_link_is_signed_as_others_sign_it(folder: Path, key: str, days: int, region: str, secure: bool) -> None:
    place = f"{'https' if secure else 'http'}://s3.example.com:7070/evidence"
    other = Minio("s3.example.com:7070", "reader", "s3cret/+=", secure=secure, region=region)
    shown: dict[str, str | list[str] | tuple[str]] = {"response-content-type": "text/plain; charset=utf-8"}
    theirs = other.presigned_get_object("evidence", key, timedelta(days=days), shown, moments.read(SINCE))
    assert parts(Signed(place, region, folder, days)(key, SINCE)) == parts(theirs)


def parts(link: str) -> tuple[str, list[str]]:
    """The link with its query in one order."""
    path, _, query = link.partition("?")
    return path, sorted(query.split("&"))


def test_a_forge_shows_it_as_it_is(folder: Path) -> None:
    link = Signed("https://s3.example.com/evidence", "us-east-1", folder, 7)("acme/shop/pr-7/shop-1/index.json", SINCE)
    assert address(link) == link


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("acme/shop/pr-7/shop-1/report.html", "text%2Fhtml"),
        ("acme/shop/pr-7/shop-1/qa/report.html", "text%2Fplain"),
        ("acme/shop/pr-7/runs.html", "text%2Fhtml"),
        ("acme/shop/pr-7/report.html", "text%2Fplain"),
        ("acme/shop/pr-7/shop-1/runs.html", "text%2Fplain"),
        ("_refused/workflows/shop-1/x/report.html", "text%2Fplain"),
        ("acme/shop/pr-7/shop-1/coverage.html", "text%2Fplain"),
    ],
)
def test_only_the_pipeline_s_own_page_is_shown_as_one(folder: Path, key: str, shown: str) -> None:
    assert shown in Signed("https://s3.example.com/evidence", "us-east-1", folder, 7)(key, SINCE)


def test_of_what_is_not_there_yet_there_is_no_link(folder: Path) -> None:
    assert Signed("https://s3.example.com/evidence", "us-east-1", folder, 7)("index.json", "") == ""


@pytest.mark.parametrize("missing", [ACCESS_KEY, SECRET_KEY])
def test_without_a_key_the_controller_does_not_start(tmp_path: Path, missing: str) -> None:
    (tmp_path / ({ACCESS_KEY, SECRET_KEY} - {missing}).pop()).write_text("x")
    env = {"NAMESPACE": "n", "RELEASE": "r", "FORGE_EVIDENCE": str(tmp_path)}
    with pytest.raises(StepError, match=missing):
        load(env | {"FORGE": told("https://gitea.example.com", evidenceUrl="https://s3.example.com/evidence")})
