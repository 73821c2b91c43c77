"""Rights of the chart's identities that no snapshot should ever show, whatever the values."""

from pathlib import Path

from idag.render import Objects, helm
from implementation_dag.reaper import held
from scripts.chart.render.project import CHART

PATHS = [path.split("/") for path in held.KINDS]
# What the reaper looks at to say what holds a preview.
LOOKED_AT = {f"{parts[1] if parts[0] == 'apis' else ''}/{parts[-1]}" for parts in PATHS}
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
    if any(name.endswith("-reaper") for name in bound):
        wanted |= LOOKED_AT
    assert reached == (wanted if bound else set())


def test_what_the_reaper_lists_is_what_it_may_list(objects: Objects) -> None:
    listed = {
        f"{group}/{resource}"
        for name, rule in rules(objects, "ClusterRole")
        if name.endswith("-reaper")
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert listed in (set(), LOOKED_AT | {"/namespaces"})


def test_without_rights_in_the_cluster_nothing_is_cluster_wide(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("rbac: {clusterScoped: false}")
    found = {item["kind"] for item in helm.template(CHART, path, flags=["--skip-crds"])}
    assert not found & {"ClusterRole", "ClusterRoleBinding", "Namespace", "ValidatingAdmissionPolicy"}
