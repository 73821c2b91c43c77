"""`idag lint` on anybody's files: exit codes, messages, silences."""

import io
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
    [("kind: Job\n", "apiVersion is None, a string is needed"), ("a: [\n", "expected"), (None, "no such file")],
)
def test_what_cannot_be_read_is_told(
    content: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "job.yaml"
    if content is not None:
        path.write_text(content)
    assert run(["lint", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--list"]) == 0
    assert "IDAG101  parameter spliced into code: " in capsys.readouterr().out
