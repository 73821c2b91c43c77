"""kustomize/argocd/settings, read by the real Argo CD: health checks, notifications. Needs no cluster."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.overlays import build
from idag.toolchain import tool
from scripts.chart.render.project import ROOT

SAMPLES = Path(__file__).parent / "samples"


def samples() -> list[Any]:
    documents = [item for path in sorted(SAMPLES.glob("*.yaml")) for item in yaml.safe_load_all(path.read_text())]
    return [pytest.param(item, id=f"{item['kind']}-{item['metadata']['name']}") for item in documents]


@pytest.fixture(scope="module")
def config_maps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of the ConfigMaps that the folder builds to, by their names."""
    folder = tmp_path_factory.mktemp("settings")
    found = {}
    for item in build.objects(build.build(ROOT / "kustomize" / "argocd" / "settings")):
        path = folder / f"{item['metadata']['name']}.yaml"
        path.write_text(yaml.safe_dump(item))
        found[item["metadata"]["name"]] = path
    return found


def argocd(*arguments: str | Path) -> str:
    done = subprocess.run([tool("argocd"), "admin", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("sample", samples())
def test_health_of_each_state(sample: dict[str, Any], config_maps: dict[str, Path], tmp_path: Path) -> None:
    expected = sample["metadata"].pop("annotations")
    path = tmp_path / "sample.yaml"
    path.write_text(yaml.safe_dump(sample))
    settings = ("--argocd-cm-path", config_maps["argocd-cm"])
    said = argocd("settings", "resource-overrides", "health", path, *settings)
    assert f"STATUS: {expected['health']}" in said
    assert f"MESSAGE: {expected['words']}\n" in said


def test_argo_cd_accepts_the_settings(config_maps: dict[str, Path]) -> None:
    said = argocd("settings", "validate", "--argocd-cm-path", config_maps["argocd-cm"], "--group", "resource-overrides")
    assert "✅" in said


def test_each_trigger_sends_a_template_that_is_there(config_maps: dict[str, Path]) -> None:
    data = yaml.safe_load(config_maps["argocd-notifications-cm"].read_text())["data"]
    templates = {key.removeprefix("template.") for key in data if key.startswith("template.")}
    rules = [rule for key in data if key.startswith("trigger.") for rule in yaml.safe_load(data[key])]
    assert {name for rule in rules for name in rule["send"]} == templates
