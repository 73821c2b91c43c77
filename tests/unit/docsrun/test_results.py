"""What a hostile command leaves in /results reaches the controller within its limits or not at all."""

import base64
import json
from pathlib import Path

import pytest

from implementation_dag.docsrun import results
from implementation_dag.docsrun.helm import results as helm_results


def printed(folder: Path) -> results.Results:
    return results.parse("noise\n" + results.MARK + json.dumps(results.collect(folder)) + "\n")


def test_files_outputs_and_failure(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text('{"urls": "[]", "bad": 1}')
    (tmp_path / "failure.json").write_text('{"reason": "HelmFailed", "message": "no"}')
    (tmp_path / "urls.json").write_text("{}")
    found = printed(tmp_path)
    assert found.outputs == {"urls": "[]"}
    assert found.failure == ("HelmFailed", "no")
    assert base64.b64decode(found.files["urls.json"]) == b"{}"
    assert set(found.files) == {"urls.json"}


def test_links_folders_and_odd_names_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    (tmp_path / "-x").write_text("")
    (tmp_path / "a b").write_text("")
    assert printed(tmp_path).files == {}


def test_size_limits(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_bytes(b"x" * (300 * 1024 if number < 4 else 10))
    found = printed(tmp_path)
    assert len(found.files) <= results.FILES_LIMIT
    assert sum(len(base64.b64decode(text)) for text in found.files.values()) <= results.TOTAL_LIMIT
    assert base64.b64decode(found.files["00.txt"]).endswith(b"[cut]\n")


def test_garbage_is_no_result() -> None:
    for text in ("", results.MARK, results.MARK + "{", results.MARK + "[]", results.MARK + '{"files": [1]}'):
        assert results.parse(text) == results.Results()


def test_a_forged_reason_is_refused(tmp_path: Path) -> None:
    (tmp_path / "failure.json").write_text(json.dumps({"reason": "x\x1b[31m", "message": "m"}))
    assert printed(tmp_path).failure is None


def test_json_that_no_api_takes_is_no_result(tmp_path: Path) -> None:
    """Each of these would end every look at the DocsRun by an exception, which then never ends itself."""
    (tmp_path / "outputs.json").write_text("[" * 100_000)
    (tmp_path / "failure.json").write_text(r'{"reason": "HelmFailed", "message": "no \ud800"}')
    found = printed(tmp_path)
    assert found.outputs == {}
    assert found.failure == ("HelmFailed", r"no \xd800")
    (tmp_path / "outputs.json").write_text(r'{"urls": "\ud800", "release": "x"}')
    assert printed(tmp_path).outputs == {"release": "x"}
    assert results.parse(results.MARK + "[" * 100_000) == results.Results()


def test_a_reason_of_any_length_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm_results, "FOLDER", tmp_path)
    helm_results.failure("HelmFailed", "x" * 10**6)
    assert printed(tmp_path).failure == ("HelmFailed", "x" * results.MESSAGE_LIMIT)
