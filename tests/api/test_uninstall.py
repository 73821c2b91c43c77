"""The removal of a preview's release: the real helm, as an administrator and as somebody without any right."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from idag.toolchain import tool
from implementation_dag.docsrun.helm import results, uninstall
from scripts.lab.kubectl import Kubectl

from .release import identity

PREVIEW = "impl-isolation-pr-1"


@pytest.fixture
def left(kubectl: Kubectl, previews: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what the command leaves behind; the release `shop` is installed."""
    env = {"NS": PREVIEW, "RELEASE": "shop", "PATH": f"{tool('helm').parent}:/usr/bin:/bin"}
    for name, value in (env | {"KUBECONFIG": str(kubectl.kubeconfig)}).items():
        monkeypatch.setenv(name, value)
    chart, folder = tmp_path / "chart", tmp_path / "results"
    (chart / "templates").mkdir(parents=True)
    folder.mkdir()
    monkeypatch.setattr(results, "FOLDER", folder)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: shop, version: 1.0.0}")
    (chart / "templates" / "a.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: of-shop}}")
    install = ["upgrade", "--install", "shop", str(chart), f"--namespace={PREVIEW}"]
    subprocess.run([tool("helm"), *install], check=True, capture_output=True)
    return folder


def test_the_release_goes_and_a_second_time_is_no_failure(left: Path, kubectl: Kubectl) -> None:
    assert kubectl.get("configmap", "of-shop", f"--namespace={PREVIEW}")
    assert uninstall.main() == 0
    assert kubectl.get("configmap", "of-shop", f"--namespace={PREVIEW}") is None
    assert uninstall.main() == 0
    # What was there when it went: the preview's workloads.
    assert "kept" in (left / "diagnosis.txt").read_text()
    assert not (left / "failure.json").exists()


def test_what_helm_may_not_is_told_in_its_words(
    left: Path, kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It reads what it explains as before; helm itself is nobody.
    nobody = identity(kubectl, "box", tmp_path)
    env = uninstall.command.environment() | {"KUBECONFIG": str(nobody)}
    monkeypatch.setattr(uninstall.command, "environment", lambda: env)
    assert uninstall.main() == 1
    told = json.loads((left / "failure.json").read_text())
    assert told["reason"] == "HelmFailed"
    assert "forbidden" in told["message"]
    assert kubectl.get("configmap", "of-shop", f"--namespace={PREVIEW}")
