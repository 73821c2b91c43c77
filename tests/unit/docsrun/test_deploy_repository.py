"""helm's step obeys the repository's own file, and runs no helm when it is wrong."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.base import kube as kubernetes
from implementation_dag.base.errors import StepError
from implementation_dag.contract import labels
from implementation_dag.contract.repository import FILE, schema
from implementation_dag.docsrun.helm import chart, command, dependencies, deploy, installation, preview, results, steady
from implementation_dag.docsrun.helm.revision import Scene
from implementation_dag.preview.discovery import Discovery

DEFAULTS = {"chartPath": "charts/app", "valuesFile": "v.yaml", "minSuccessPct": 0.95, "maxP95Ms": 1200}
SECTION = {
    "settings": list(schema()["properties"]),
    "mostRequestsPerHost": 100,
    "defaults": DEFAULTS | {"requestsPerHost": 10},
}
TOLD = {"repositories": SECTION, "names": {"host": "shop.example.com"}}
ENV = {
    "NS": "impl-pr-7", "RELEASE": "shop-pr-7", "CHART_PATH": "charts/app", "VALUES_FILE": "v.yaml", "SET": "{}",
    "ANNOTATIONS": json.dumps({"example.com/x": 'a"b'}), "ANNOTATIONS_KEY": "ingress.annotations",
    "LABELS": json.dumps({labels.WORKFLOW: "run-1"}), "HELM_TIMEOUT": "1m", "POD_GRACE_SECONDS": "1",
    "HEALTH_PATH": "/", "HEALTH_TIMEOUT_SECONDS": "1", "UNSCHEDULABLE_GRACE_SECONDS": "1",
    "REPOSITORY": json.dumps(TOLD),
}  # fmt: skip


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What helm is run with, in a checkout of two charts and two values files; results go to a folder of their own."""
    ran: list[list[str]] = []
    checkout = tmp_path / "src"
    for name in ("charts/app", "deploy/shop"):
        (checkout / name).mkdir(parents=True)
        (checkout / name / "Chart.yaml").write_text("name: x\n")
    for name in ("v.yaml", "deploy/a.yaml"):
        (checkout / name).write_text("{}\n")
    (tmp_path / "results").mkdir()
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)

    def run(arguments: list[str], *_: Any, **__: Any) -> tuple[int, str]:
        ran.append(arguments)
        return 0, ""

    inside, locate, chosen = chart.inside, chart.locate, installation.chosen
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(chart, "inside", lambda path, name, _=None: inside(path, name, checkout))
    monkeypatch.setattr(chart, "locate", lambda path: locate(path, checkout))
    monkeypatch.setattr(installation, "chosen", lambda env: chosen(env, checkout))
    monkeypatch.setattr(kubernetes, "client", lambda: None)
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(command, "capture", lambda *_: "")
    monkeypatch.setattr(preview, "holder", lambda *_: "run-1")
    monkeypatch.setattr(preview, "scene", lambda *_: Scene())
    monkeypatch.setattr(preview, "diagnosis", lambda *_: "")
    monkeypatch.setattr(deploy, "urls", lambda *_: Discovery((), (), ()))
    return ran


def test_a_wrong_file_ends_it_before_helm_runs(helm: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "src" / FILE).write_text("limits: {minSuccessPct: 0}\n")
    assert deploy.main() == 1
    assert helm == []
    told = json.loads((tmp_path / "results" / "failure.json").read_text())
    assert told["reason"] == "InvalidRepositorySettings"
    assert "limits.minSuccessPct is 0: must be at least 0.95" in told["message"]
    assert not (tmp_path / "results" / "outputs.json").exists()


def test_pods_that_do_not_stay_end_it_after_helm(
    helm: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steady, "wait", lambda *_, asked: "" if asked else "pod app-1 crashed")
    assert deploy.main() == 1
    assert helm
    told = json.loads((tmp_path / "results" / "failure.json").read_text())
    assert told == {"reason": "PodsCannotRun", "message": "pod app-1 crashed"}


def test_helm_gets_what_the_file_says_and_the_file_is_handed_over(helm: list[list[str]], tmp_path: Path) -> None:
    text = 'chartPath: deploy/shop\nvaluesFiles: [v.yaml, deploy/a.yaml]\nset: {"hosts[0].name": "{host}"}\n'
    (tmp_path / "src" / FILE).write_text(text)
    assert deploy.main() == 0
    (arguments,) = helm
    source = tmp_path / "src"
    assert arguments[:4] == ["upgrade", "--install", "shop-pr-7", f"{source}/deploy/shop"]
    assert "--server-side=false" in arguments
    values = [arguments[index + 1] for index, word in enumerate(arguments) if word == "--values"]
    assert values == [f"{source}/v.yaml", f"{source}/deploy/a.yaml"]
    assert arguments[arguments.index("--set-string") + 1] == "hosts[0].name=shop.example.com"
    assert arguments[arguments.index("--set-json") + 1] == r'ingress.annotations.example\.com/x="a\"b"'
    handed = json.loads((tmp_path / "results" / "outputs.json").read_text())["repository"]
    assert base64.b64decode(handed).decode() == text


@pytest.mark.parametrize("error", [FileExistsError(17, "File exists", "charts"), ValueError("nobody thought of it")])
def test_what_nobody_thought_of_is_told_too(
    error: Exception, helm: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_: Path) -> None:
        raise error

    monkeypatch.setattr(dependencies, "fetch", fetch)
    assert deploy.main() == 1
    assert helm == []
    told = json.loads((tmp_path / "results" / "failure.json").read_text())
    assert told == {"reason": "UnexpectedError", "message": f"{type(error).__name__}: {error}"}


@pytest.mark.parametrize("path", ["charts/app", "charts/app/deploy"])
@pytest.mark.parametrize("form", ["path = charts/app", '\tpath=\t"charts/app" \r'])
def test_a_chart_in_a_submodule_is_told_as_such(path: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "charts/app").mkdir(parents=True)
    (tmp_path / "charts/app2").mkdir()
    (tmp_path / ".gitmodules").write_text(f'[submodule "app"]\n{form}\n\turl = https://example.com/app\n')
    with pytest.raises(StepError, match="; charts/app is a git submodule, and those are not fetched"):
        chart.locate(path, tmp_path)
    with pytest.raises(StepError, match=r"no Chart\.yaml there$"):
        chart.locate("charts/app2", tmp_path)
