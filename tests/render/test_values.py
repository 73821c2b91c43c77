"""A wrong value is refused by name, and so is one that was left empty."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from idag.render import RenderError, Suite
from idag.render.manifests import load
from scripts.chart.render.project import CHART
from scripts.chart.values.references import followed


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"git": {"baseUrl": "github.com"}}, "/git/baseUrl"),
        ({"agents": {"refernce": {}}}, "refernce"),
        ({"deploy": {"helmTimeout": 10}}, "/deploy/helmTimeout"),
        ({"deploy": {"helmTimeout": "0s"}}, "/deploy/helmTimeout"),
        ({"deploy": {"timeout": "0h00m"}}, "/deploy/timeout"),
        ({"deploy": {"healthPath": "/a#b"}}, "/deploy/healthPath"),
        ({"deploy": {"set": {"a,b": "x"}}}, "/deploy/set': additional properties 'a,b'"),
        ({"deploy": {"ingress": {"headers": {"X-Frame-Options": 'a"b'}}}}, "/deploy/ingress/headers/X-Frame-Options"),
        (
            {"deploy": {"ingress": {"annotations": {"a b": "x"}}}},
            "/deploy/ingress/annotations': additional properties 'a b'",
        ),
        ({"externalSecrets": {"secrets": {"A": {"data": {"k": {"key": "x"}}}}}}, "/externalSecrets/secrets"),
        ({"evidence": {"s3": {"bucket": "a..b"}}}, "/evidence/s3/bucket"),
        ({"forge": {"repositories": ["acme/.."]}}, "/forge/repositories/0"),
        ({"forge": {"repositories": ["acme-/shop"]}}, "/forge/repositories/0"),
        ({"git": {"authorName": " . "}}, "/git/authorName"),
        ({"installationTest": {"repository": "acme/shop.git"}}, "/installationTest/repository"),
        (
            {"pods": {"controller": {"tolerations": [{"operator": "Exists", "value": "x"}]}}},
            "/pods/controller/tolerations/0",
        ),
        (
            {"pods": {"steps": {"tolerations": [{"key": "x", "effect": "NoSchedule", "tolerationSeconds": 1}]}}},
            "/pods/steps/tolerations/0",
        ),
        ({"preview": {"quota": {"pods": 1.5}}}, "/preview/quota/pods"),
        ({"preview": {"quota": {"bogus thing": 1}}}, "/preview/quota': additional properties 'bogus thing'"),
        ({"preview": {"ttlHours": "soon"}}, "/preview/ttlHours"),
        ({"acceptance": {"paths": []}}, "/acceptance/paths"),
        ({"acceptance": {"userAgent": "prüfer"}}, "/acceptance/userAgent"),
        ({"acceptance": {"userAgent": " padded "}}, "/acceptance/userAgent"),
        ({"acceptance": {"requestsPerSecond": 0}}, "/acceptance/requestsPerSecond"),
        ({"defaults": {"minSuccessPct": 0.9999999}}, "/defaults/minSuccessPct"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named: str, suite: Suite) -> None:
    with pytest.raises(RenderError, match=named):
        suite.render(values=values)


# Left empty they mean that there are none, as a mapping cannot be emptied otherwise.
NONE = {"/deploy/ingress": {"headers"}}


def closed(schema: dict[str, Any], values: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[Any]:
    """(path, keys that values.yaml has, keys that the schema demands) of each object whose keys the schema fixes."""
    schema = followed(schema, root)
    if schema.get("additionalProperties") is False and {"properties", "required"} & schema.keys():
        yield path, set(values), set(schema.get("required", []))
        for key, value in values.items():
            if isinstance(value, dict) and "properties" in schema:
                yield from closed(schema["properties"][key], value, root, f"{path}/{key}")


def test_every_key_of_values_yaml_is_demanded_because_helm_drops_what_is_left_empty() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = load((CHART / "values.yaml").read_text())
    found = list(closed(schema, values, schema))
    assert len(found) > 30
    wrong = {path: has - demanded for path, has, demanded in found if has != demanded}
    assert wrong == NONE


@pytest.mark.parametrize(
    "path",
    [
        "preview.network.ingressNamespaceLabels",
        "preview.network.dnsNamespaceLabels",
        "preview.quota",
        "policies",
        "policies.install",
        "workflow.activeDeadlineSeconds",
        "network.apiServer",
        "steps.resources.limits",
    ],
)
def test_a_key_left_empty_is_refused_by_name(path: str, suite: Suite) -> None:
    *above, key = path.split(".")
    values: dict[str, Any] = {key: None}
    for name in reversed(above):
        values = {name: values}
    with pytest.raises(RenderError, match=f"'/{'/'.join(above)}': missing property '{key}'" if above else key):
        suite.render(values=values)


def test_labels_of_which_none_is_left_are_refused(suite: Suite) -> None:
    labels = {"kubernetes.io/metadata.name": None}
    for name in ("ingressNamespaceLabels", "dnsNamespaceLabels"):
        with pytest.raises(RenderError, match=f"/preview/network/{name}': minProperties"):
            suite.render(values={"preview": {"network": {name: labels}}})


def test_a_chart_that_has_this_one_as_a_part_may_say_so(suite: Suite) -> None:
    assert suite.render(values={"enabled": True, "global": {"team": "a"}}).objects


def test_every_value_that_a_template_reads_is_there() -> None:
    """Helm renders nothing for a misspelt key: deploy.waitSeconds stood where deploy.image.waitSeconds is meant."""
    values = load((CHART / "values.yaml").read_text())
    missing = set()
    for path in sorted((CHART / "templates").rglob("*.*")):
        for name in re.findall(r"\.Values\.([A-Za-z0-9_.]*[A-Za-z0-9_])", path.read_text(encoding="utf-8")):
            found: Any = values
            for key in name.split("."):
                found = found.get(key) if isinstance(found, dict) else None
                if found is None:
                    missing.add(f"{path.name}: {name}")
                    break
    assert not missing
