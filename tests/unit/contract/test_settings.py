"""What a step is told is checked when it is read: a wrong field is named, with its value and what is allowed."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from implementation_dag.base.errors import StepError
from implementation_dag.contract import settings

DEPLOY: dict[str, Any] = {
    "image": {"repository": "registry/{repo}", "waitSeconds": 900, "requireRevision": True},
    "set": {"image.tag": "{tag}"},
    "ingress": {"annotationsKey": "ingress.annotations", "annotations": {}},
    "helmTimeout": "10m",
    "timeout": "15m",
    "podGraceSeconds": 20.0,
    "unschedulableGraceSeconds": 60.0,
    "healthPath": "/",
    "healthTimeoutSeconds": 120,
    "allowNoEndpoint": False,
    "resources": {"limits": {"cpu": "1"}},
}
PREVIEW: dict[str, Any] = {
    "ttlHours": 1.5,
    "podSecurity": "restricted",
    "deletionTimeoutSeconds": 300,
    "pullSecrets": ["registry"],
    "labels": {},
    "annotations": {},
}
REPOSITORIES: dict[str, Any] = {
    "settings": ["limits"],
    "mostRequestsPerHost": 100,
    "defaults": {
        "chartPath": "charts/app",
        "valuesFile": "values.yaml",
        "minSuccessPct": 0.95,
        "maxP95Ms": 1200,
        "requestsPerHost": 10,
    },
}
GIVEN: dict[str, Any] = {
    "installation": {"chart": "0.2.0", "image": "runtime:1", "clusterScoped": True},
    "git": {"baseUrl": "https://github.com"},
    "deploy": DEPLOY,
    "repositories": REPOSITORIES,
    "preview": PREVIEW,
    "namespace": {"scope": "cluster", "prefix": "impl"},
    "acceptance": {},
}


def load(shape: type[Any], given: dict[str, Any]) -> Any:
    return settings.load(shape, {"SETTINGS": yaml.safe_dump(given)})


def test_a_step_gets_its_own_sections_in_their_types() -> None:
    found = load(settings.OfDeploy, GIVEN)
    assert found.installation == settings.Installation("0.2.0", "runtime:1", True)
    assert found.git == settings.Git("https://github.com")
    assert (found.deploy.pod_grace_seconds, type(found.deploy.pod_grace_seconds)) == (20, int)
    assert found.deploy.image.wait_seconds == 900
    assert load(settings.OfProvisioner, GIVEN).preview.pull_secrets == ("registry",)


def test_what_was_read_is_written_as_it_was() -> None:
    assert settings.written(load(settings.OfDeploy, GIVEN).repositories) == REPOSITORIES


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ttlHours", "soon", "SETTINGS: preview.ttlHours is 'soon': must be a number"),
        ("ttlHours", True, "SETTINGS: preview.ttlHours is True: must be a number"),
        ("deletionTimeoutSeconds", 1.5, "SETTINGS: preview.deletionTimeoutSeconds is 1.5: must be a whole number"),
        ("deletionTimeoutSeconds", float("nan"), "SETTINGS: preview.deletionTimeoutSeconds is nan: must be a whole"),
        ("podSecurity", "lax", "preview.podSecurity is 'lax': must be one of restricted, baseline, privileged"),
        ("pullSecrets", "registry", "SETTINGS: preview.pullSecrets is 'registry': must be a list"),
        ("pullSecrets", ["a", 1], "SETTINGS: preview.pullSecrets[1] is 1: must be a text"),
        ("labels", [], "SETTINGS: preview.labels is []: must be a mapping"),
        ("labels", {"a": 1}, "SETTINGS: preview.labels.a is 1: must be a text"),
        ("ttlhours", 1, "SETTINGS has preview.ttlhours: known there are ttlHours, podSecurity,"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(field: str, value: Any, words: str) -> None:
    with pytest.raises(StepError, match=re.escape(words)):
        load(settings.OfProvisioner, GIVEN | {"preview": PREVIEW | {field: value}})


@pytest.mark.parametrize("value", [1, "true", None])
def test_a_switch_is_true_or_false(value: Any) -> None:
    with pytest.raises(StepError, match=r"deploy\.allowNoEndpoint is .*: must be true or false"):
        load(settings.OfDeploy, GIVEN | {"deploy": DEPLOY | {"allowNoEndpoint": value}})


@pytest.mark.parametrize("section", ["installation", "git", "deploy", "repositories"])
def test_a_section_that_is_missing_is_named(section: str) -> None:
    left = {name: value for name, value in GIVEN.items() if name != section}
    with pytest.raises(StepError, match=f"SETTINGS lacks {section}, which this step needs"):
        load(settings.OfDeploy, left)


@pytest.mark.parametrize("text", ["", "[]", "text", "{"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(StepError, match="SETTINGS is "):
        settings.load(settings.OfHead, {"SETTINGS": text})
