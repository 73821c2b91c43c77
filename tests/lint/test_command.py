"""`idag lint` on anybody's files: exit codes, messages, silences."""

import io
import json
import os
from pathlib import Path

import pytest

from idag.cli import run

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: build
  annotations: {}
spec:
  activeDeadlineSeconds: 60
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: build
          image: registry.example.com/build
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
          securityContext:
            runAsNonRoot: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
"""
WHERE = "Job/build spec.template.spec.containers[build].image"
FOUND = f"{WHERE}: IDAG501 registry.example.com/build has no fixed tag or digest\n"


def silenced(reason: str) -> str:
    return JOB.replace("annotations: {}", f"annotations: {{lint.implementation-dag.io/IDAG501: {reason!r}}}")


def test_a_folder_is_linted_and_what_is_no_manifest_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "other.yml").write_text("colours: [red]\n")
    assert run(["lint", str(tmp_path)]) == 1
    assert capsys.readouterr().out == FOUND


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(JOB.replace("build\n          res", "build:1\n          res")))
    assert run(["lint", "-"]) == 0
    assert capsys.readouterr().out == ""


def test_a_rule_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    assert run(["lint", str(tmp_path), "--ignore", "IDAG501"]) == 0
    assert run(["lint", str(tmp_path), "--ignore", "IDAG999"]) == 2


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("spec.template.spec.containers[*].image: the registry holds one image only", ""),
        ("*: the registry holds one image only", ""),
        ("spec.template.spec.containers[build].image: ok", "is silenced without a reason"),
        ("spec.template.spec.containers[other].image: the registry holds one image only", "IDAG501 finds nothing at"),
    ],
)
def test_a_silence_needs_a_reason_and_an_effect(
    annotation: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yaml").write_text(silenced(annotation))
    assert run(["lint", str(tmp_path)]) == (1 if expected else 0)
    out = capsys.readouterr().out
    assert (expected in out and "IDAG001" in out and FOUND in out) if expected else out == ""


def test_an_unknown_rule_cannot_be_silenced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "job.yaml").write_text(silenced("*: the registry holds one image").replace("IDAG501", "IDAG999"))
    assert run(["lint", str(tmp_path)]) == 1
    assert "IDAG999 is no rule" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"kind: Job\n", "apiVersion is None, a string is needed"),
        (b"kind: Job\napiVersion: batch/v1\n", "Job without metadata.name"),
        (b"kind: Job\napiVersion: v1\nmetadata: {name: 123}\n", "metadata.name of Job is 123, a string is needed"),
        (b"kind: Job\napiVersion: v1\nmetadata: 5\n", "metadata of Job is 5, a mapping is needed"),
        (b"a: [\n", "expected"),
        (b"kind: Job\nkind: Job\n", "kind"),
        (b"kind: J\xfcb\n", "line 1: byte 0xfc is no UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_judged(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.yaml").write_text(JOB)
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(content)
    assert run(["lint", str(bad), str(tmp_path / "good.yaml")]) == 2
    out, err = capsys.readouterr()
    assert out == FOUND
    assert err.startswith(f"idag: {bad}: ")
    assert told in err
    assert err.count("\n") == 1


def test_a_document_that_cannot_be_read_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "both.yaml").write_text(f"kind: Job\nkind: Job\n---\n{JOB}")
    assert run(["lint", str(tmp_path), "-o", "json"]) == 2
    out, err = capsys.readouterr()
    assert [item["rule"] for item in json.loads(out)] == ["IDAG501"]
    assert "key 'kind' is there twice" in err


def test_what_is_not_there_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", str(tmp_path / "job.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_folder_that_may_not_be_read_ends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        # Whoever runs the tests may be root, to whom nothing is closed.
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert run(["lint", str(tmp_path)]) == 2
    assert "closed: Permission denied" in capsys.readouterr().err


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--list"]) == 0
    assert "IDAG101  parameter spliced into code: " in capsys.readouterr().out
