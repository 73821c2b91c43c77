"""Secrets, certificates, mesh and headers by values: who sees what, and what is refused."""

from pathlib import Path

import pytest
import yaml

from idag.render import RenderError, helm
from implementation_dag.forge.identity import TOKEN
from implementation_dag.preview import preview_objects
from scripts.chart.render.plugin import Renderer
from scripts.chart.render.project import CHART

SKIPPER = (
    'setResponseHeader("Referrer-Policy", "no-referrer") -> '
    'setResponseHeader("Strict-Transport-Security", "max-age=31536000") -> '
    'setResponseHeader("X-Content-Type-Options", "nosniff") -> '
    'setResponseHeader("X-Frame-Options", "DENY") -> '
    'setResponseHeader("X-Robots-Tag", "noindex")'
)
CASE = Path(__file__).parent / "cases" / "secrets.yaml"


def rendered(path: Path, values: str) -> dict[tuple[str, str], helm.Object]:
    path.write_text(values)
    return {(item["kind"], item["metadata"]["name"]): item for item in helm.template(CHART, [CASE, path])}


def step(objects: dict[tuple[str, str], helm.Object], name: str) -> helm.Object:
    template = objects["WorkflowTemplate", "implementation-dag"]
    found: helm.Object = next(item for item in template["spec"]["templates"] if item["name"] == name)
    return found


def told(objects: dict[tuple[str, str], helm.Object]) -> dict[str, str]:
    """What the provisioner is told."""
    spec = objects["Deployment", "implementation-dag-provisioner"]["spec"]["template"]["spec"]
    return {item["name"]: str(item.get("value")).replace("$$", "$") for item in spec["containers"][0]["env"]}


def test_nothing_but_the_generator_names_the_private_key_of_the_app() -> None:
    objects = helm.template(CHART, CASE, flags=["--set=git.githubApp.privateKeySecret=the-key"])
    assert {item["kind"] for item in objects if "the-key" in yaml.safe_dump(item)} == {"GithubAccessToken"}


def test_only_containers_that_fetch_or_push_see_the_git_token() -> None:
    objects = helm.template(
        CHART, CASE, flags=["--set=agents.reference.enabled=true", "--set=agents.reference.image=a:1"]
    )
    seeing = {
        (template["name"], container["name"])
        for item in objects
        if item["kind"] == "WorkflowTemplate"
        for template in item["spec"]["templates"]
        for container in [*template.get("initContainers", []), {"name": "main"} | template.get("container", {})]
        if any(mount["name"] == "git-credentials" for mount in container.get("volumeMounts", []))
    }
    assert seeing == {("coderun-main", "main")}


@pytest.mark.parametrize(
    ("mesh", "labels", "annotations"),
    [
        ("{kind: none}", {}, {}),
        ("{kind: istio, revision: ''}", {"istio-injection": "enabled"}, {}),
        ("{kind: istio}", {"istio.io/rev": "1-27"}, {}),
        ("{kind: linkerd}", {}, {"linkerd.io/inject": "enabled"}),
    ],
)
def test_a_mesh_takes_previews_in(
    mesh: str, labels: dict[str, str], annotations: dict[str, str], tmp_path: Path
) -> None:
    objects = rendered(tmp_path / "values.yaml", f"mesh: {mesh}")
    namespace = yaml.safe_load(told(objects)["SETTINGS"])["preview"]
    assert namespace["labels"] == labels
    assert annotations.items() <= namespace["annotations"].items()
    fences = preview_objects.load(told(objects)["OBJECTS"], "impl-pr-7", "shop-pr-7.preview.example.com", {})
    assert ("PeerAuthentication" in {made["kind"] for made in fences}) == ("istio" in mesh)


@pytest.mark.parametrize(
    ("controller", "annotations"),
    [
        ("skipper", {"zalando.org/skipper-filter": SKIPPER}),
        (
            "ingress-nginx",
            {
                "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
                "nginx.ingress.kubernetes.io/custom-headers": "workflows/implementation-dag-headers",
            },
        ),
    ],
)
def test_headers_become_annotations_that_the_policies_accept(
    controller: str, annotations: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(f"{{policies: {{install: always}}, deploy: {{ingress: {{controller: {controller}}}}}}}")
    objects = {(item["kind"], item["metadata"]["name"]): item for item in helm.template(CHART, path)}
    policy = objects["ValidatingAdmissionPolicy", "implementation-dag-metadata"]
    (reaching,) = [item for item in policy["spec"]["variables"] if item["name"] == "reaching"]
    environment = {item["name"]: item.get("value") for item in step(objects, "deploy")["container"]["env"]}
    found = yaml.safe_load(environment["SETTINGS"].replace("$$", "$"))["deploy"]["ingress"]["annotations"]
    assert annotations.items() <= found.items()
    for name in annotations:
        assert f'"{name}":' in reaching["expression"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("{externalSecrets: {store: {name: ''}}}", "externalSecrets.store.name is needed"),
        ("{externalSecrets: {store: {kind: SecretStore}}}", "store.kind to ClusterSecretStore"),
        ("{externalSecrets: {provider: {vault: {}}}}", "store.kind to SecretStore"),
        ("{git: {credentialsSecret: ''}}", "git.credentialsSecret is needed"),
        ("{git: {githubApp: {installationId: ''}}}", "git.githubApp.installationId is needed"),
        ("{git: {githubApp: {privateKeySecret: ''}}}", "git.githubApp.privateKeySecret is needed"),
        ("{mesh: {kind: consul}}", "mesh"),
        ("{deploy: {ingress: {controller: caddy}}}", "controller"),
        ("{deploy: {ingress: {headers: {'X: y': z}}}}", "X: y"),
    ],
)
def test_what_cannot_work_is_refused_by_name(values: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=words):
        rendered(tmp_path / "values.yaml", values)


def test_all_secrets_of_the_forge_may_come_from_a_vault(render: Renderer) -> None:
    objects = render("pull-requests-gitea")
    mounted = {
        volume["name"]: volume["secret"]["secretName"]
        for name in ("pull-requests", "receiver")
        for volume in objects.deployment(f"implementation-dag-{name}").pod["volumes"]
        if "secret" in volume
    }
    assert mounted == {who: f"forge-{who}" for who in ("reader", "reporter", "qa", "webhook")}
    written = {
        item.spec["target"]["name"]: [one["secretKey"] for one in item.spec["data"]]
        for item in objects.of("ExternalSecret")
    }
    assert written == {
        "forge-reader": [TOKEN],
        "forge-reporter": [TOKEN],
        "forge-qa": [TOKEN],
        # The receiver takes what any key of it holds.
        "forge-webhook": ["current", "next"],
    }
