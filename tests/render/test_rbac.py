"""Rights of the chart's identities that no snapshot should ever show, whatever the values."""

from pathlib import Path

from idag.render import Objects, helm
from scripts.chart.render.project import CHART

CASES = Path(__file__).parent / "cases"


def rules(objects: Objects, *kinds: str) -> list[tuple[str, dict[str, list[str]]]]:
    return [(item.name, rule) for kind in kinds for item in objects.of(kind) for rule in item["rules"]]


def test_no_wildcard_no_escalation(objects: Objects) -> None:
    for name, rule in rules(objects, "ClusterRole", "Role"):
        granted = {*rule["verbs"], *rule["resources"], *rule["apiGroups"]}
        assert not granted & {"*", "escalate", "impersonate"}, name
        if "bind" in rule["verbs"]:
            assert rule["verbs"] == ["bind"], name
            assert rule["resourceNames"], name


def test_what_the_pipeline_may_do_in_the_whole_cluster_reaches_no_secret(objects: Objects) -> None:
    bound = {
        item["roleRef"]["name"]
        for item in objects.of("ClusterRoleBinding")
        # The installation test asks what others may, and reads no object.
        if not item.name.endswith("-installation-test")
    }
    reached = {
        f"{group}/{resource}"
        for name, rule in rules(objects, "ClusterRole")
        if name in bound
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    wanted = {"/namespaces", "rbac.authorization.k8s.io/rolebindings", "rbac.authorization.k8s.io/clusterroles"}
    assert reached == (wanted if bound else set())


def test_without_rights_in_the_cluster_nothing_is_cluster_wide(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("rbac: {clusterScoped: false}")
    found = {item["kind"] for item in helm.template(CHART, path, flags=["--skip-crds"])}
    assert not found & {"ClusterRole", "ClusterRoleBinding", "Namespace", "ValidatingAdmissionPolicy"}
