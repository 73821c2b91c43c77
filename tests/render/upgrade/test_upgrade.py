"""A release of the last released chart can be upgraded to this one: nothing is lost, nothing is refused.

The released chart lies beside this file as it was published; docs/releasing.md says when it is replaced.
"""

from __future__ import annotations

import copy
import json
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from idag.render import helm
from scripts.chart.upgrade import problems

FOLDER = Path(__file__).parent
CHART = FOLDER.parents[2] / "charts" / "implementation-dag"
[RELEASED] = FOLDER.glob("implementation-dag-*.tgz")
Object = dict[str, Any]


# What an upgrade takes away on purpose; runs of 0.1.0 must have ended before it (decision 0042).
REMOVED = [f"ConfigMap/workflows/implementation-dag-{name}: lost" for name in ("config", "preview")]
# Its Deployment must go first (docs/operator.md): two of this chart in one release need other selectors.
FOUND_BY = {"app.kubernetes.io/instance": "implementation-dag", "app.kubernetes.io/component": "controller"}
NAMED = {"app.kubernetes.io/name": "implementation-dag"} | FOUND_BY
BEFORE, AFTER = ({"matchLabels": labels} for labels in (FOUND_BY, NAMED))
REMOVED += [
    f"Deployment.apps/workflows/implementation-dag-controller: spec.selector cannot be changed: {BEFORE} → {AFTER}"
]


# What an upgrade refuses on purpose, so that it is not silently without effect; the changelog says what took its place.
REPLACED = ["workflow: Additional properties are not allowed ('ttlSecondsAfterCompletion' was unexpected)"]


def released_file(name: str) -> str:
    with tarfile.open(RELEASED) as archive:
        member = archive.extractfile(f"implementation-dag/{name}")
        assert member
        return member.read().decode()


def test_this_chart_is_newer() -> None:
    versions = [yaml.safe_load(text)["version"] for text in (released_file("Chart.yaml"), _read("Chart.yaml"))]
    old, new = (tuple(int(part) for part in version.split("-")[0].split(".")) for version in versions)
    assert old < new, "the released chart has this version already: raise it in Chart.yaml"


def _read(name: str) -> str:
    return (CHART / name).read_text()


def test_the_defaults_upgrade() -> None:
    assert sorted(problems(helm.template(RELEASED), helm.template(CHART))) == REMOVED


def over(base: Any, values: Any) -> Any:
    """The values as helm lays them over the defaults."""
    if not isinstance(base, dict) or not isinstance(values, dict):
        return values
    return base | {key: over(base.get(key), value) for key, value in values.items()}


def test_values_of_the_released_chart_are_still_accepted() -> None:
    validator = jsonschema.Draft7Validator(json.loads(_read("values.schema.json")))
    values = over(yaml.safe_load(_read("values.yaml")), yaml.safe_load(released_file("values.yaml")))
    errors = validator.iter_errors(values)
    assert [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors] == REPLACED


def test_the_reference_agents_upgrade() -> None:
    values = FOLDER.parent / "cases" / "reference.yaml"
    assert sorted(problems(helm.template(RELEASED, values), helm.template(CHART, values))) == REMOVED


@pytest.fixture(scope="module")
def released() -> list[Object]:
    return helm.template(RELEASED)


def of(kind: str, objects: list[Object]) -> Object:
    return next(item for item in objects if item["kind"] == kind)


def lose_the_controller(objects: list[Object]) -> None:
    objects.remove(of("Deployment", objects))


def other_selector(objects: list[Object]) -> None:
    of("Deployment", objects)["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "implementation-dag"


def other_role(objects: list[Object]) -> None:
    of("ClusterRoleBinding", objects)["roleRef"]["name"] = "cluster-admin"


def lose_a_field(objects: list[Object]) -> None:
    version = of("CustomResourceDefinition", objects)["spec"]["versions"][0]
    del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["timeout"]


def other_type(objects: list[Object]) -> None:
    version = of("CustomResourceDefinition", objects)["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["phase"]["type"] = "integer"


def demand_more(objects: list[Object]) -> None:
    version = of("CustomResourceDefinition", objects)["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"].append("timeout")


def stop_a_version(objects: list[Object]) -> None:
    of("CustomResourceDefinition", objects)["spec"]["versions"][0]["served"] = False


def change_an_immutable_config(objects: list[Object]) -> None:
    of("ConfigMap", objects)["data"]["config.yaml"] = "{}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lose_the_controller, ["Deployment.apps/workflows/implementation-dag-controller: lost"]),
        (other_selector, ["spec.selector cannot be changed"]),
        (other_role, ["roleRef cannot be changed", "cluster-admin"]),
        (lose_a_field, ["v1 loses the field .spec.timeout"]),
        (other_type, ["v1 changes the type of .status.phase: string → integer"]),
        (demand_more, ["v1 demands .spec.timeout"]),
        (stop_a_version, ["version v1 is no longer served"]),
        (change_an_immutable_config, ["data cannot be changed"]),
    ],
    ids=lambda item: getattr(item, "__name__", None),
)
def test_what_breaks_an_upgrade_is_named(released: list[Object], change: Any, words: list[str]) -> None:
    old, new = copy.deepcopy(released), copy.deepcopy(released)
    of("ConfigMap", old)["immutable"] = change is change_an_immutable_config
    change(new)
    found = problems(old, new)
    assert len(found) == 1, found
    assert all(word in found[0] for word in words), found
