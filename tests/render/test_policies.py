"""policies/admission is what the chart installs; `make snapshots` writes it."""

import pytest

from scripts.render import Manifest, Object
from scripts.render.standalone import POLICIES, differences, policies


def test_the_standalone_set_is_the_chart_s() -> None:
    assert differences(policies(), POLICIES) == []


def test_without_a_cluster_that_serves_them_none_are_rendered() -> None:
    assert policies({"policies": {"install": "auto"}}) == []


@pytest.mark.parametrize(
    ("mode", "actions"), [("enforce", ["Deny"]), ("warn", ["Warn", "Audit"]), ("audit", ["Audit"])]
)
def test_the_mode_decides_what_a_violation_does(mode: str, actions: list[str]) -> None:
    found = policies({"policies": {"install": "always", "mode": mode}})
    bindings = [item for item in found if item["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert len(bindings) == len(found) / 2
    assert all(item["spec"]["validationActions"] == actions for item in bindings)


def addresses(items: list[Object]) -> set[str]:
    return {Manifest(item).address for item in items}


def test_two_releases_share_no_name_and_no_preview() -> None:
    first = policies()
    second = policies({"policies": {"install": "always"}, "fullnameOverride": "staging"})
    assert not addresses(first) & addresses(second)
    selected = {
        str(item["spec"]["matchResources"]["namespaceSelector"]["matchLabels"].get("implementation-dag.dev/release"))
        for item in second
        if "matchResources" in item["spec"]
    }
    # None: the one that looks at the release namespace.
    assert selected == {"staging", "None"}
