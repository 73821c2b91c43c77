"""The evidence's index is believed only where the objects' own bytes agree."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from scripts.lab.stand.evidence import Evidence, index_problems, missing, prefix


def indexed(files: dict[str, bytes], **changes: Any) -> Evidence:
    entries = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **changes}
        for name, content in files.items()
    ]
    return Evidence("p", {**files, "index.json": json.dumps({"files": entries}).encode()})


FILES = {"qa/test-results.xml": b"<x/>", "rex/tests.log": b"ok"}


def test_a_true_index_has_no_problems() -> None:
    assert index_problems(indexed(FILES)) == []


@pytest.mark.parametrize("change", [{"size": 3}, {"sha256": "0" * 64}])
def test_a_wrong_size_or_digest_is_found(change: dict[str, Any]) -> None:
    problems = index_problems(indexed(FILES, **change))
    assert len(problems) == 2
    assert problems[0].startswith("qa/test-results.xml: the index says")


def test_tampered_missing_and_unnamed_objects_are_found() -> None:
    evidence = indexed(FILES)
    evidence.files["rex/tests.log"] = b"no"
    del evidence.files["qa/test-results.xml"]
    evidence.files["deploy/urls.json"] = b"{}"
    words = "\n".join(index_problems(evidence))
    assert "qa/test-results.xml is in the index but not in S3" in words
    assert "rex/tests.log: the index says 2 B" in words
    assert "deploy/urls.json is in S3 but not in the index" in words


def test_no_index_is_a_problem() -> None:
    assert index_problems(Evidence("a/b/pr-1/w", {})) == ["a/b/pr-1/w/index.json is not there"]


def test_missing_names_files_and_folders_of_the_given_stages() -> None:
    files = {"acceptance/report.json": b"", "acceptance/performance.json": b""}
    assert missing(Evidence("p", files), ("acceptance",)) == ["acceptance/responses/"]
    assert missing(Evidence("p", {**files, "acceptance/responses/1.txt": b""}), ("acceptance",)) == []
    assert len(missing(Evidence("p", {}), ("rex", "clippy"))) == 5


def test_listing_computes_digests_from_the_bytes() -> None:
    assert Evidence("p", {"rex/tests.log": b"ok"}).listing() == [
        {"path": "p/rex/tests.log", "bytes": 2, "sha256": hashlib.sha256(b"ok").hexdigest()}
    ]


def test_prefix_of_a_refused_number_is_harmless() -> None:
    assert prefix("acme", "shop", "7", "w") == "acme/shop/pr-7/w"
    assert prefix("acme", "shop", "seven", "w") == "_refused/workflows/w"
