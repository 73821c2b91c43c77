"""What the rendered pipeline promises, in every case: its stages, what they hand on, and what their pods may do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from idag.render import Manifest, Object, Objects
from idag.render.objects import by_name
from scripts.chart.render.plugin import Renderer

STAGES = ["set-params", "implement", "clippy-format", "qa-testing", "provision", "deploy", "acceptance"]


def pipeline(objects: Objects) -> Manifest:
    return next(item for item in objects.of("WorkflowTemplate") if "dag" in item.templates)


def tasks(objects: Objects) -> dict[str, Object]:
    return by_name(pipeline(objects).templates["dag"]["dag"]["tasks"])


def argument(task: Object, name: str) -> str:
    return str(by_name(task["arguments"]["parameters"])[name]["value"])


def pods(objects: Objects) -> Iterator[tuple[str, Object]]:
    """Every template that runs a pod, and the pod of every Deployment and Job, with its address."""
    for manifest in objects.values():
        if manifest.kind == "WorkflowTemplate":
            for name, template in manifest.templates.items():
                if "container" in template:
                    yield f"{manifest.address} {name}", template
        elif manifest.kind in ("Deployment", "Job", "Pod"):
            yield manifest.address, manifest.pod


def containers(pod: Object) -> list[Object]:
    main = [pod["container"]] if "container" in pod else pod["containers"]
    return [*pod.get("initContainers", []), *main]


def test_the_stages_are_those_of_the_specification(objects: Objects) -> None:
    assert list(tasks(objects)) == STAGES
    assert pipeline(objects).spec["onExit"] == "cleanup"


def test_a_run_holds_its_pull_request_s_lock(objects: Objects) -> None:
    """What Argo makes of the name is seen in tests/api/argo."""
    (mutex,) = pipeline(objects).spec["synchronization"]["mutexes"]
    installation, _, rest = mutex["name"].partition(".")
    assert installation == pipeline(objects).name
    names = "lower(workflow.parameters.owner + '.' + workflow.parameters.repo) + '.pr-' + workflow.parameters.pr"
    assert rest.startswith("{{=workflow.parameters.owner matches ")
    assert rest.endswith(f" ? {names} : workflow.name}}}}")


def test_acceptance_is_left_out_where_deploy_says_that_nothing_is_exposed(objects: Objects) -> None:
    """Nothing but its own output decides it: what was deployed has no word there."""
    found = {name: task["when"] for name, task in tasks(objects).items() if "when" in task}
    assert found == {"acceptance": "'{{tasks.deploy.outputs.parameters.exposed}}' == 'true'"}
    told = by_name(pipeline(objects).templates["deploy"]["outputs"]["parameters"])["exposed"]
    assert told["valueFrom"]["default"] == "true"


def test_each_stage_works_on_the_commit_that_the_one_before_handed_on(objects: Objects) -> None:
    given = {name: argument(tasks(objects)[name], "commit") for name in (*STAGES[1:4], "deploy")}
    assert given == {
        "implement": commit_of("set-params", "COMMIT"),
        "clippy-format": commit_of("implement"),
        "qa-testing": commit_of("clippy-format"),
        # What QA was given, which the step holds against what QA hands on.
        "deploy": commit_of("clippy-format"),
    }
    assert argument(tasks(objects)["deploy"], "qa-commit") == commit_of("qa-testing")


def commit_of(task: str, name: str = "commit") -> str:
    """The stage's output if it is a commit: it may be anybody's words, and Argo evaluates what stands in a value."""
    output = f"tasks['{task}'].outputs.parameters.{name}"
    return f"{{{{={output} matches '^[0-9a-f]{{40}}$' ? {output} : 'none'}}}}"


def test_deploy_waits_for_tests_and_for_the_fences_of_its_namespace(objects: Objects) -> None:
    assert set(tasks(objects)["deploy"]["dependencies"]) == {"qa-testing", "provision"}


def test_the_arguments_of_the_specification_are_there_and_only_three_have_no_default(objects: Objects) -> None:
    parameters = by_name(pipeline(objects).spec["arguments"]["parameters"])
    assert {"owner", "repo", "pr", "commit", "domain", "chartPath", "valuesFile", "imageTag"} <= parameters.keys()
    assert [name for name, item in parameters.items() if "value" not in item] == ["owner", "repo", "pr"]
    assert parameters["imageTag"]["value"] == "pr-{{workflow.parameters.pr}}"
    assert all(isinstance(item.get("value", ""), str) for item in parameters.values())


def test_the_outputs_of_the_specification_are_there(objects: Objects) -> None:
    outputs = by_name(pipeline(objects).templates["dag"]["outputs"]["parameters"])
    assert set(outputs) == {
        "preview_urls",
        "acceptance_report_path",
        "acceptance_logs_path",
        "deployment_namespace",
        "helm_release",
    }


def test_what_people_are_told_of_stages_is_an_output_that_may_be_missing(objects: Objects) -> None:
    outputs_of = {
        name: by_name(each["outputs"]["parameters"])
        for name, each in pipeline(objects).templates.items()
        if name in ("acceptance", "evidence")
    }
    told = {"acceptance": outputs_of["acceptance"]["figures"], "evidence": outputs_of["evidence"]["cost"]}
    for item in objects.of("WorkflowTemplate"):
        for name, template in item.templates.items():
            outputs = by_name((template.get("outputs") or {}).get("parameters", []))
            if "agent_seconds" in outputs:
                told[name] = outputs["findings"]
    for parameter in told.values():
        assert parameter["valueFrom"] == {"path": f"/tmp/outputs/{parameter['name']}", "default": ""}  # noqa: S108 -- an emptyDir


def test_arguments_reach_code_only_through_the_environment(objects: Objects) -> None:
    for where, pod in pods(objects):
        for container in containers(pod):
            code = [*container.get("command", []), *container.get("args", []), container.get("source", "")]
            assert not [text for text in code if "{{" in text], f"{where}: {code}"


def test_no_container_can_become_root_or_write_its_image(objects: Objects) -> None:
    for where, pod in pods(objects):
        assert pod["securityContext"]["runAsNonRoot"] is True, where
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, f"{where} {container.get('name', 'main')}"


def test_every_container_has_limits_and_every_step_ends(objects: Objects) -> None:
    for where, pod in pods(objects):
        for container in containers(pod):
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), where
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), where
        if "container" in pod:
            assert int(pod["activeDeadlineSeconds"]) > 0, where
    assert pipeline(objects).spec["activeDeadlineSeconds"] > 0


def test_no_pod_has_a_token_but_by_a_volume_of_its_own(objects: Objects) -> None:
    assert all(item["automountServiceAccountToken"] is False for item in objects.of("ServiceAccount"))
    for where, pod in pods(objects):
        for container in containers(pod):
            tokens = [item for item in container.get("volumeMounts", []) if "serviceaccount" in item["mountPath"]]
            assert all(item["readOnly"] for item in tokens), where


def test_git_credentials_are_only_where_git_fetches_or_pushes(objects: Objects) -> None:
    """In an agent's step, and in the check of the installation; of processes in the provisioner alone."""
    name = pipeline(objects).name
    agents = [item.address for item in objects.of("WorkflowTemplate") if item.name != name]
    for where, pod in pods(objects):
        for container in containers(pod):
            if any(item["name"] == "git-credentials" for item in container.get("volumeMounts", [])):
                trusted = where.split()[0] in agents or where.endswith(f"/{name}-installation-test")
                assert trusted, where


def test_every_service_account_config_map_and_role_that_is_named_is_there(objects: Objects) -> None:
    accounts = {(item.namespace, item.name) for item in objects.of("ServiceAccount")}
    roles = {(item.kind, item.namespace, item.name) for kind in ("Role", "ClusterRole") for item in objects.of(kind)}
    for binding in (*objects.of("RoleBinding"), *objects.of("ClusterRoleBinding")):
        kind = binding["roleRef"]["kind"]
        assert (kind, binding.namespace if kind == "Role" else "", binding["roleRef"]["name"]) in roles, binding
        for subject in binding["subjects"]:
            # A preview's deployer is made when its first run begins.
            if not subject["name"].startswith("implementation-dag-deployer."):
                assert (subject["namespace"], subject["name"]) in accounts, binding
    template = pipeline(objects)
    for name, step in template.templates.items():
        account = step.get("serviceAccountName", template.spec["serviceAccountName"])
        assert (template.namespace, account) in accounts, name
        for volume in step.get("volumes", []):
            wanted = volume.get("configMap", {}).get("name", "")
            if wanted.startswith(template.name):
                assert objects.has("ConfigMap", wanted), f"{name}: {wanted}"


def test_every_image_has_a_tag_or_a_digest(objects: Objects) -> None:
    for where, pod in pods(objects):
        for container in containers(pod):
            if container["image"].startswith("{{="):
                continue
            assert re.fullmatch(r"[^\s@]+(:[\w.-]+|@sha256:[0-9a-f]{64})", container["image"]), where


def test_names_follow_the_release(render: Renderer) -> None:
    objects = render("second-release")
    assert {item.namespace for item in objects.values()} == {"", "workflows-staging"}
    own = [item for item in objects.values() if item.kind != "CustomResourceDefinition"]
    assert not [item.address for item in own if not item.name.startswith("dag-staging")]
    assert not {item.address for item in own} & set(render("default"))
