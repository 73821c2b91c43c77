"""What the chart spells of the runtime's contract is what implementation_dag.contract says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idag.render import Objects
from idag.render.manifests import load
from idag.render.objects import by_name
from implementation_dag.contract import labels, settings, stages
from implementation_dag.provisioner.work import OUTCOME
from scripts.chart.render.plugin import Renderer
from scripts.chart.render.project import CHART

KEY = re.compile(rf"{re.escape(labels.GROUP)}/[A-Za-z0-9._-]+")
CASES = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*.yaml"))
SNAPSHOTS = Path(__file__).parent / "snapshots"
# What the chart gives to which step. Acceptance checks its section by itself, with words for its report.
SHAPES: dict[str, type[object]] = {
    "agent": settings.OfAgent,
    "head": settings.OfHead,
    "provisioner": settings.OfProvisioner,
    "deploy": settings.OfDeploy,
    "evidence": settings.OfEvidence,
    "installation-check": settings.OfHead,
}


def keys(folder: Path) -> set[str]:
    """Keys with our prefix that files below `folder` spell; `<group>/v1alpha1` is the version of a kind."""
    files = [path for path in folder.rglob("*") if path.suffix in {".yaml", ".tpl", ".txt"}]
    found = {key for path in files for key in KEY.findall(path.read_text())}
    return found - {f"{labels.GROUP}/v1alpha1"}


def test_the_rendered_chart_has_exactly_the_contract_s_keys() -> None:
    # Whose a preview is, and which run kept it, the runtime alone says.
    said = {labels.REPO_OF_PREVIEW, labels.PR_OF_PREVIEW, labels.KEPT}
    assert keys(SNAPSHOTS) == set(labels.OWN) - said


def test_no_template_spells_a_key_that_the_contract_does_not_have() -> None:
    assert keys(CHART / "templates") <= set(labels.OWN)


def told(objects: Objects) -> dict[str, dict[str, str]]:
    """Subcommand → the variables of its container, of every container that has SETTINGS."""
    templates = [step for item in objects.of("WorkflowTemplate") for step in item.templates.values()]
    containers = [step["container"] for step in templates if "container" in step]
    containers += [container for item in objects.of("Pod") for container in item.spec["containers"]]
    containers += [one for item in objects.of("Deployment") for one in item.containers.values()]
    variables = {
        one["args"][0]: {name: str(entry.get("value", "")) for name, entry in by_name(one["env"]).items()}
        for one in containers
    }
    return {step: env for step, env in variables.items() if "SETTINGS" in env}


@pytest.mark.parametrize("case", [None, *CASES])
def test_each_step_is_told_what_it_reads_and_nothing_else(case: str | None, render: Renderer) -> None:
    for step, env in told(render(case) if case else render()).items():
        sections = load(env["SETTINGS"])
        if step == "acceptance":
            assert sections.keys() == {"acceptance"}
            continue
        shape = SHAPES[step]
        assert settings.load(shape, env)
        assert sections.keys() == settings.names(shape).keys(), step


def test_all_steps_are_seen(render: Renderer) -> None:
    # The step of a platform that pushes by itself is in its own template.
    assert told(render("reference")).keys() == {*SHAPES, "acceptance"} - {"head"}


def test_the_dag_is_the_contract_s(render: Renderer) -> None:
    templates = render().workflow_template("implementation-dag").templates
    tasks = templates["dag"]["dag"]["tasks"]
    assert {task["name"]: tuple(task.get("dependencies", ())) for task in tasks} == {
        stage.task: stage.after for stage in stages.STAGES
    }
    agents = {
        task["name"]: by_name(task["arguments"]["parameters"])["github-app"]["value"]
        for task in tasks
        if "templateRef" in task
    }
    assert agents == {stage.task: stage.evidence for stage in stages.STAGES if stage.agent}
    after = [task["name"] for group in templates["cleanup"]["steps"] for task in group]
    # What is tried once more is no task of its own to people.
    assert sorted(after) == sorted([*stages.EXIT_TASKS, "evidence-again"])


def test_steps_without_a_pod_want_what_the_provisioner_gives(render: Renderer) -> None:
    templates = render().workflow_template("implementation-dag").templates
    suspended = {name: item for name, item in templates.items() if "suspend" in item}
    assert suspended.keys() == set(stages.WITHOUT_POD)
    # Without one, Argo would let it succeed when nobody answers in its time.
    assert all(int(item["suspend"]["duration"]) > 0 and item["outputs"]["parameters"] for item in suspended.values())
    wanted = {name: {each["name"] for each in item["outputs"]["parameters"]} for name, item in suspended.items()}
    given = wanted.pop("set-params")
    assert set.union(*wanted.values()) == {OUTCOME}
    used = set(re.findall(r"tasks\.set-params\.outputs\.parameters\.(\w+)", str(templates["dag"])))
    assert used <= given


def test_each_stage_s_evidence_lies_in_the_contract_s_folder(render: Renderer) -> None:
    templates = render().workflow_template("implementation-dag").templates
    for stage in (item for item in stages.STAGES if item.evidence and not item.agent):
        keys = [str(one["s3"]["key"]) for one in templates[stage.task]["outputs"]["artifacts"]]
        assert all(key.partition("{{workflow.name}}/")[2].split("/")[0] == stage.evidence for key in keys), keys
