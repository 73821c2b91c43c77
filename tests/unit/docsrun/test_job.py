"""The Job of a DocsRun: one by name, hardened, its token only where the command runs."""

from dataclasses import replace
from typing import Any

import pytest
from kubernetes_validate import validate

from implementation_dag.docsrun import job
from implementation_dag.docsrun.settings import Pods, Settings

SETTINGS = Settings(image="ours:1", trust_configmap="authorities", resources={"limits": {"cpu": "1"}})
PROXY = {"name": "PROXY", "value": "{}"}
DOCSRUN: dict[str, Any] = {
    "metadata": {"name": "run-deploy", "namespace": "workflows", "uid": "u-1", "labels": {"pr": "7", "other": "x"}},
    "spec": {
        "image": "tool:2",
        "command": ["sh", "-c"],
        "args": ["true"],
        "env": [{"name": "NS", "value": "impl-pr-7"}],
        "timeout": "1h5m10s",
        "serviceAccountName": "deployer",
        "source": {"url": "https://git.example.com/a/b.git", "commit": "0" * 40, "credentialsSecret": "token"},
    },
}


def pod(**changed: Any) -> dict[str, Any]:
    built = job.build(DOCSRUN | {"spec": DOCSRUN["spec"] | changed}, SETTINGS)
    spec: dict[str, Any] = built["spec"]["template"]["spec"]
    return spec


def test_there_can_be_only_one() -> None:
    built = job.build(DOCSRUN, SETTINGS)
    assert built["metadata"]["name"] == "run-deploy"
    assert built["metadata"]["ownerReferences"][0]["uid"] == "u-1"
    assert built["spec"]["backoffLimit"] == 0
    assert built["metadata"]["labels"]["pr"] == "7"
    assert "other" not in built["metadata"]["labels"]


def test_the_time_limit_is_the_pod_s_own() -> None:
    assert pod()["activeDeadlineSeconds"] == 3910


def test_it_runs_where_values_say_and_nothing_else_of_it_changes() -> None:
    text = """{"nodeSelector": {"pool": "deploys"}, "runtimeClassName": "gvisor", "labels": {"team": "a", "pr": "8"},
    "annotations": {"example.com/a": "b"}, "serviceAccountName": "other", "restartPolicy": "Always"}"""
    made, before = job.build(DOCSRUN, replace(SETTINGS, docsrun_pods=Pods.read(text))), job.build(DOCSRUN, SETTINGS)
    validate(made, "1.35", strict=True)
    pod, ours = made["spec"]["template"], before["spec"]["template"]
    assert pod["spec"] == ours["spec"] | {"nodeSelector": {"pool": "deploys"}, "runtimeClassName": "gvisor"}
    assert pod["metadata"]["labels"] == ours["metadata"]["labels"] | {"team": "a"}
    assert pod["metadata"]["annotations"] == {"example.com/a": "b"}
    assert made["metadata"] == before["metadata"]


def test_only_what_fetches_is_told_of_the_proxy() -> None:
    built = job.build(DOCSRUN, replace(SETTINGS, proxy="{}"))
    spec = built["spec"]["template"]["spec"]
    told = {item["name"] for item in [*spec["initContainers"], *spec["containers"]] if PROXY in item.get("env", [])}
    assert told == {"fetch", "run"}


def test_token_and_credentials_are_only_where_they_are_needed() -> None:
    spec = pod()
    mounts = {
        item["name"]: {mount["name"] for mount in item["volumeMounts"]}
        for item in [*spec["initContainers"], *spec["containers"]]
    }
    assert spec["automountServiceAccountToken"] is False
    assert [name for name, found in mounts.items() if "token" in found] == ["run"]
    assert [name for name, found in mounts.items() if "credentials" in found] == ["fetch"]


def test_every_container_is_hardened() -> None:
    spec = pod()
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for item in [*spec["initContainers"], *spec["containers"]]:
        assert item["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_the_ids_of_values_are_the_pod_s_and_weaken_nothing() -> None:
    built = job.build(DOCSRUN, replace(SETTINGS, ids={"runAsUser": 1000, "fsGroup": 2000}))
    assert built["spec"]["template"]["spec"]["securityContext"] == {
        "runAsUser": 1000,
        "fsGroup": 2000,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_limit_does_not_fall_away_by_not_being_named() -> None:
    (run,) = pod(resources={"requests": {"cpu": "10m"}, "limits": {"memory": "1Gi"}})["containers"]
    assert run["resources"] == {"requests": {"cpu": "10m"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def test_without_a_source_nothing_is_fetched() -> None:
    assert [item["name"] for item in pod(source=None)["initContainers"]] == ["results"]


@pytest.mark.parametrize("text", ["", "10", "5x", "-1m", "1.5h"])
def test_a_wrong_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        job.seconds(text)
