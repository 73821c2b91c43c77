"""The harness on a small chart, with the real helm: what it notices, and how it tells it."""

from __future__ import annotations

import dataclasses
import errno
import os
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from idag.cli import run
from idag.lint import RULES
from idag.render import NEWEST, TARGETS, Cache, RenderError, Suite, SuiteError, helm
from idag.render.report import report
from idag.render.snapshots import Snapshots
from scripts.chart.render import verdicts

# Enough to see a difference between minors and between Helms.
SOME = tuple(target for target in TARGETS if target.kubernetes in ("1.32", "1.33", "1.34"))
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {app.kubernetes.io/instance: {{ .Release.Name }}, helm.sh/chart: small-{{ .Chart.Version }}}
spec:
  replicas: {{ .Values.replicas }}
  template:
    metadata:
      annotations: {checksum/config: {{ .Values.replicas | toString | sha256sum }}}
    spec:
      {{- if semverCompare "<1.33" .Capabilities.KubeVersion.Version }}
      hostUsers: true
      {{- end }}
      containers:
        - name: web
          image: web:1
          env:
            - {name: LEVEL, value: {{ .Values.level }}}
"""
CONFIG = """
{{- if .Values.config }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  app.yaml: |
    level: {{ .Values.level }}
    limits: {pods: 5}
{{- end }}
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("replicas: 1\nlevel: info\nconfig: true\n")
    (chart / "templates" / "deployment.yaml").write_text(DEPLOYMENT)
    (chart / "templates" / "config.yaml").write_text(CONFIG)
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "large.yaml").write_text("# Many users.\nreplicas: 3\n")
    (cases / "bare.yaml").write_text("# render: release=other namespace=elsewhere\nconfig: false\n")
    return Suite(chart=chart, cases_folder=cases, snapshots=tmp_path / "snapshots", targets=SOME)


def kept(suite: Suite) -> dict[str, str]:
    assert suite.snapshots
    return {
        str(path.relative_to(suite.snapshots)): path.read_text()
        for path in sorted(suite.snapshots.rglob("*"))
        if path.is_file()
    }


def told(suite: Suite, case: str) -> list[str]:
    return report(Snapshots(suite).differences(case), suite.targets).splitlines()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def written(suite: Suite) -> Suite:
    Snapshots(suite).update()
    return suite


def test_a_case_keeps_only_what_differs_from_default(written: Suite) -> None:
    files = kept(written)
    assert list(files) == [
        "bare/deployment_other.changes.yaml",
        "bare/objects.txt",
        "default/configmap_small.yaml",
        "default/deployment_small.yaml",
        "default/deployment_small@1.32.yaml",
        "default/objects.txt",
        "large/deployment_small.changes.yaml",
        "large/objects.txt",
    ]
    assert files["large/deployment_small.changes.yaml"] == "spec.replicas: 3\n"
    assert files["large/objects.txt"] == "ConfigMap/small\nDeployment/small\n"
    assert files["bare/objects.txt"] == "Deployment/other\n"
    assert "VERSION" in files["default/deployment_small.yaml"]
    assert "CHECKSUM" in files["default/deployment_small.yaml"]


def test_what_was_written_is_as_kept(written: Suite) -> None:
    assert [line for case in written.cases for line in told(written, case)] == []
    assert Snapshots(written).misplaced() == []


def test_a_change_is_told_by_object_and_path(written: Suite) -> None:
    edit(written.chart / "values.yaml", "level: info", "level: debug")
    assert told(written, "default") == [
        "ConfigMap/small",
        '  data["app.yaml"]:level: info -> debug  [default]',
        "Deployment/small",
        "  spec.template.spec.containers[web].env[LEVEL].value: info -> debug  [default]",
    ]
    # The other cases change nothing of it: the same difference is told once.
    assert told(written, "large") == []


def test_a_change_of_one_case_is_told_with_its_name(written: Suite) -> None:
    edit(written.cases["large"].values[0], "replicas: 3", "replicas: 4")
    assert told(written, "default") == []
    assert told(written, "large") == ["Deployment/small", "  spec.replicas: 3 -> 4  [large]"]


def test_a_change_for_some_kubernetes_only_says_which(written: Suite) -> None:
    edit(written.chart / "templates" / "deployment.yaml", "<1.33", "<1.34")
    found = told(written, "default")
    assert found == ["Deployment/small", "  spec.template.spec.hostUsers: (absent) -> true  [default on 1.33]"]


def test_an_object_that_comes_or_goes_is_told(written: Suite) -> None:
    (written.chart / "templates" / "config.yaml").unlink()
    assert told(written, "default") == ["ConfigMap/small", "  (object): in the snapshots -> (absent)  [default]"]
    assert told(written, "bare") == []


def test_a_version_and_a_checksum_are_no_change(written: Suite) -> None:
    edit(written.chart / "Chart.yaml", "1.0.0", "2.3.4-rc.1")
    edit(written.chart / "templates" / "deployment.yaml", "toString", 'printf "%v "')
    assert told(written, "default") == []


def test_update_deletes_what_is_stale(written: Suite) -> None:
    written.cases["large"].values[0].unlink()
    again = dataclasses.replace(written)
    assert Snapshots(again).misplaced() == [
        "large/deployment_small.changes.yaml: no case renders this any more",
        "large/objects.txt: no case renders this any more",
    ]
    assert Snapshots(again).update() == ["large/deployment_small.changes.yaml", "large/objects.txt"]
    assert not [name for name in kept(again) if name.startswith("large")]


def test_nothing_is_rewritten_in_ci(written: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(written)
    edit(written.chart / "values.yaml", "replicas: 1", "replicas: 9")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SuiteError, match="not rewritten in CI"):
        Snapshots(written).update()
    assert kept(written) == before


def test_what_a_chart_makes_up_at_each_render_is_marked(written: Suite) -> None:
    edit(written.chart / "values.yaml", "level: info", "level: info\ntoken: x")
    edit(written.chart / "templates" / "config.yaml", "  app.yaml: |", "  token: {{ randAlphaNum 20 }}\n  app.yaml: |")
    Snapshots(written).update()
    assert "token: (random)" in kept(written)["default/configmap_small.yaml"]
    fresh = dataclasses.replace(written, cache=Cache(None))
    assert told(fresh, "default") == []


def test_an_object_whose_name_is_made_up_has_a_steady_address(suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    # As podinfo's test pods are called: two of one beginning, one that ends steadily.
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, labels: {{app: web}}}}\n"
    names = ("web-test-{{ randAlphaNum 5 | lower }}", "web-test-{{ randAlphaNum 5 | lower }}", "x.{{ uuidv4 }}-end")
    for number, name in enumerate(names):
        (suite.chart / "templates" / f"pod-{number}.yaml").write_text(pod.format(name))
    Snapshots(suite).update()
    assert [name for name in kept(suite)["default/objects.txt"].splitlines() if name.startswith("Pod")] == [
        "Pod/web-test-(random)",
        "Pod/web-test-(random).2",
        "Pod/x.(random)-end",
    ]
    again = dataclasses.replace(suite, cache=Cache(None))
    assert told(again, "default") == []
    edit(suite.chart / "templates" / "pod-2.yaml", "app: web", "app: other")
    assert "labels.app: web -> other" in " ".join(told(dataclasses.replace(suite, cache=Cache(None)), "default"))


@pytest.mark.parametrize("content", ["", "{", "\0"], ids=["empty", "cut short", "binary"])
def test_a_broken_cache_is_as_good_as_none(content: str, suite: Suite, tmp_path: Path) -> None:
    suite = dataclasses.replace(suite, cache=Cache(tmp_path / "cache"))
    before = suite.render().objects.plain
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_text(content)
    assert dataclasses.replace(suite, cache=Cache(tmp_path / "cache")).render().objects.plain == before
    assert all(path.read_text() not in ("", content) for path in (tmp_path / "cache" / "runs").glob("*.json"))


def test_a_cache_that_cannot_be_written_costs_only_time(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    cache = Cache(tmp_path / "cache")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        assert dataclasses.replace(suite, cache=cache).render().objects
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_a_render_comes_from_the_cache_until_its_chart_changes(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suite = dataclasses.replace(suite, cache=Cache(tmp_path / "cache"))
    first = suite.render("large").objects["Deployment/small"].data
    with monkeypatch.context() as context:
        context.setattr("subprocess.run", lambda *_, **__: pytest.fail("helm ran again"))
        for cache in (suite.cache, Cache(suite.cache.folder)):
            again = dataclasses.replace(suite, cache=cache)
            assert again.render("large").objects["Deployment/small"].data == first
    edit(suite.chart / "values.yaml", "level: info", "level: debug")
    assert suite.render("large").objects["Deployment/small"].data != first


def test_helm_lint_that_was_content_is_asked_again_when_the_chart_changes(suite: Suite, tmp_path: Path) -> None:
    options: dict[str, Any] = {"helm": "helm4", "kube_version": NEWEST.kube_version, "cache": Cache(tmp_path / "cache")}
    (suite.chart / "templates" / "deployment.yaml").unlink()
    helm.lint(suite.chart, [], **options)
    edit(suite.chart / "Chart.yaml", "version: 1.0.0", "version: one")
    with pytest.raises(RenderError, match="'one' is not a valid SemVer"):
        helm.lint(suite.chart, [], **options)


def test_a_verdict_is_asked_for_again_when_objects_or_judges_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[int, ...]] = []

    def judge(replicas: tuple[int, ...]) -> list[str]:
        asked.append(replicas)
        return ["bad"]

    def verdict(*replicas: int) -> list[str]:
        objects = [{"kind": "Deployment", "spec": {"replicas": number}} for number in replicas]
        return verdicts.remembered(lambda: judge(replicas), objects, store=Cache(tmp_path / "cache"))

    assert [verdict(1), verdict(1), verdict(1, 1), verdict(2)] == [["bad"]] * 4
    assert asked == [(1,), (1, 1), (2,)]
    monkeypatch.setattr(verdicts, "_code", lambda: "another")
    assert verdict(1) == ["bad"]
    assert asked[3:] == [(1,)]


def test_what_nobody_asked_for_during_a_month_is_deleted_once_a_day(tmp_path: Path) -> None:
    def write(name: str, days: int) -> Path:
        Cache(tmp_path).remember([name], lambda: name)
        (path,) = [found for found in tmp_path.glob("*/*.json") if found.read_text() == f'"{name}"']
        os.utime(path, (time.time() - days * 86400,) * 2)
        return path

    old, used, asked_for = write("old", 31), write("used", 29), write("asked for", 31)
    Cache(tmp_path).remember(["asked for"], lambda: pytest.fail("it is known"))
    Cache(tmp_path).prune()
    assert [path.exists() for path in (old, used, asked_for)] == [False, True, True]
    another = write("another", 31)
    Cache(tmp_path).prune()
    assert another.exists()
    os.utime(tmp_path / "pruned", (time.time() - 2 * 86400,) * 2)
    Cache(tmp_path).prune()
    assert not another.exists()


def test_a_fault_of_the_chart_names_case_and_target(suite: Suite) -> None:
    edit(suite.chart / "templates" / "config.yaml", "limits:", 'limits: {{ required "give pods" .Values.pods }}')
    with pytest.raises(RenderError, match=r"case large, helm4_1\.36: .*give pods"):
        suite.render("large", NEWEST)


@pytest.mark.parametrize(
    ("addition", "told_as"),
    [
        ("\n---\nkind: Role\n", "apiVersion is None"),
        ("  a: 1\n  a: 2\n", "twice"),
    ],
)
def test_a_document_that_is_no_object_is_refused(suite: Suite, addition: str, told_as: str) -> None:
    path = suite.chart / "templates" / "config.yaml"
    path.write_text(path.read_text().replace("{{- if .Values.config }}", "").replace("{{- end }}", "") + addition)
    with pytest.raises(RenderError, match=told_as):
        suite.render()


def test_an_object_rendered_twice_is_refused(suite: Suite) -> None:
    (suite.chart / "templates" / "again.yaml").write_text(CONFIG)
    with pytest.raises(RenderError, match="ConfigMap/small is rendered twice"):
        suite.render()


def test_an_unknown_setting_of_a_case_says_what_is_allowed(suite: Suite) -> None:
    assert suite.cases_folder
    (suite.cases_folder / "odd.yaml").write_text("# render: releas=x\n")
    with pytest.raises(SuiteError, match=r"'releas=x' is not known, allowed: release=\.\.\., namespace="):
        _ = suite.cases


def test_the_command_checks_any_chart(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    junit = tmp_path / "junit.xml"
    ignored = [f"--ignore={name}" for name in RULES]
    options = ["chart", "test", str(suite.chart), f"--cases={suite.cases_folder}", f"--junit={junit}", *ignored]
    assert run(options) == 2
    assert "write them with --update" in capsys.readouterr().err
    assert run([*options, "--update"]) == run(options) == 0
    edit(suite.chart / "values.yaml", "replicas: 1", "replicas: 2")
    capsys.readouterr()
    assert run(options) == 1
    assert capsys.readouterr().out.splitlines() == ["Deployment/small", "  spec.replicas: 1 -> 2  [default]"]
    tests = ElementTree.fromstring(junit.read_text()).iter("testcase")  # noqa: S314 (our own file)
    report_of = {test.get("name"): test.find("failure") for test in tests}
    assert set(report_of) == {"default", "bare", "large"}
    assert {name for name, failure in report_of.items() if failure is not None} == {"default"}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chart of one ConfigMap without cases, and its folder as the current one."""
    (tmp_path / "bare/templates").mkdir(parents=True)
    (tmp_path / "bare/Chart.yaml").write_text("apiVersion: v2\nname: bare\nversion: 1.0.0\n")
    (tmp_path / "bare/templates/map.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "bare"


def more(chart: Path, line: str) -> None:
    path = chart / "Chart.yaml"
    path.write_text(f"{path.read_text()}{line}\n")


@pytest.mark.parametrize(
    ("wanted", "left_out"),
    [(">=1.32.0-0", "helm3_1.31, helm4_1.31"), ("<1.36.0-0", "helm3_1.36, helm4_1.36"), ("^1.25.0", "")],
)
def test_minors_outside_the_chart_s_own_are_left_out_and_told(
    wanted: str, left_out: str, bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more(bare, f"kubeVersion: '{wanted}'")
    assert run(["chart", "test", str(bare), "--update"]) == 0
    assert (f"kubeVersion {wanted} leaves out {left_out}\n" in capsys.readouterr().err) == bool(left_out)
    assert run(["chart", "test", str(bare)]) == 0


def test_a_chart_for_other_clusters_is_told(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more(bare, "kubeVersion: <1.20.0")
    assert run(["chart", "test", str(bare), "--update"]) == 2
    assert "kubeVersion of the chart is '<1.20.0': it allows none of Kubernetes 1.31, " in capsys.readouterr().err


def test_a_library_chart_has_nothing_to_render(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more(bare, "type: library")
    assert run(["chart", "test", str(bare)]) == 0
    assert "bare is a library chart: there is nothing to render" in capsys.readouterr().err


@pytest.mark.parametrize("target", [".", "..", "../other"])
def test_a_link_that_helm_would_follow_for_ever_is_told(
    target: str, bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare / "other").mkdir()
    (bare / "other/back").symlink_to("../templates")
    (bare / "templates/loop").symlink_to(target)
    assert run(["chart", "test", str(bare), "--update"]) == 2
    assert "is a link to a folder that it lies in" in capsys.readouterr().err
