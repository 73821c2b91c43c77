"""What each situation's values change in the objects."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from idag.render import Object, Objects, RenderError
from idag.render.manifests import load
from idag.render.objects import by_name
from implementation_dag.pull_requests import settings as pull_requests
from implementation_dag.pull_requests.evidence import ACCESS_KEY, SECRET_KEY, Signed
from implementation_dag.pull_requests.queue import Limits
from implementation_dag.reaper import settings as reaper
from scripts.chart.render.plugin import Renderer

NAME = "implementation-dag"
BEFOREHAND_WITH_POLICIES: Object = {"policies": {"install": "always"}, "rbac": {"clusterScoped": False}}


def settings(objects: Objects, name: str = "deploy") -> Object:
    """What a step is told."""
    step = objects.workflow_template(NAME).templates[name]
    read: Object = load(by_name(step["container"]["env"])["SETTINGS"]["value"])
    return read


def fences(objects: Objects) -> str:
    """The quota, limits, network policies and rights that the provisioner puts into each preview."""
    container = objects.deployment(f"{NAME}-provisioner").containers["provisioner"]
    return str(by_name(container["env"])["OBJECTS"]["value"])


def test_without_values_nothing_is_pushed_and_evidence_goes_to_argos_own_repository(render: Renderer) -> None:
    objects = render()
    assert not objects.has("ConfigMap", f"{NAME}-artifacts")
    assert "artifactRepositoryRef" not in objects.workflow_template(NAME).spec
    assert settings(objects)["git"]["credentialsSecret"] == ""
    assert not objects.has("WorkflowTemplate", "coderun-template")


def test_production_runs_by_digest(render: Renderer) -> None:
    objects = render("production")
    image = "ghcr.io/implementation-dag/runtime@sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
    for name in ("controller", "reaper"):
        assert objects.deployment(f"{NAME}-{name}").containers[name]["image"] == image
    steps = objects.workflow_template(NAME).templates.values()
    assert {step["container"]["image"] for step in steps if "container" in step} == {image}


def test_production_reaches_s3_with_the_pods_own_credentials(render: Renderer) -> None:
    objects = render("production")
    artifacts = objects.config_map(f"{NAME}-artifacts")
    reference = objects.workflow_template(NAME).spec["artifactRepositoryRef"]
    assert reference["configMap"] == artifacts.name
    key = artifacts.annotations["workflows.argoproj.io/default-artifact-repository"]
    s3 = artifacts.embedded(key)["s3"]
    assert (s3["bucket"], s3["region"], s3["useSDKCreds"]) == ("implementation-dag-evidence", "eu-central-1", True)
    assert "accessKeySecret" not in s3


def test_production_previews_have_its_quota(render: Renderer) -> None:
    text = fences(render("production"))
    assert 'pods: "40"' in text
    assert "limits.memory: 16Gi" in text


def test_pull_secrets_of_our_own_images_hang_on_every_service_account(render: Renderer) -> None:
    for account in render("pull-secrets").of("ServiceAccount"):
        assert account["imagePullSecrets"] == [{"name": "platform-registry"}], account


def test_pull_secrets_of_previews_may_be_read_by_name_only(render: Renderer) -> None:
    rules = [
        rule for rule in render("pull-secrets").role(f"{NAME}-deployers")["rules"] if rule["resources"] == ["secrets"]
    ]
    assert rules == [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "verbs": ["get"],
            "resourceNames": ["apps-registry", "base-images"],
        }
    ]


def test_without_pull_secrets_of_previews_nobody_may_touch_a_secret(render: Renderer) -> None:
    objects = render()
    rules = [
        (item.address, rule)
        for kind in ("Role", "ClusterRole")
        for item in objects.of(kind)
        for rule in item["rules"]
        # The one role that previews' own charts get, inside their own namespace.
        if "secrets" in rule["resources"] and item.name != f"{NAME}-preview"
    ]
    assert rules == []


def test_deploy_reads_the_registry_with_its_own_secret(render: Renderer) -> None:
    deploy = render("pull-secrets").workflow_template(NAME).templates["deploy"]
    volume = by_name(deploy["volumes"])["registry"]
    assert volume["secret"]["secretName"] == "apps-registry"
    assert by_name(deploy["container"]["env"])["DOCKER_CONFIG"]["value"] in [
        item["mountPath"] for item in deploy["container"]["volumeMounts"] if item["name"] == "registry"
    ]


def test_agents_run_on_the_platforms_own_template(render: Renderer) -> None:
    objects = render("own-platform")
    tasks = by_name(objects.workflow_template(NAME).templates["dag"]["dag"]["tasks"])
    for name in ("implement", "clippy-format", "qa-testing"):
        assert tasks[name]["templateRef"] == {"name": "platform-coderun", "template": "run"}
    assert [item.name for item in objects.of("WorkflowTemplate")] == [NAME]


def test_the_reference_agents_have_the_name_that_the_pipeline_calls(render: Renderer) -> None:
    objects = render("reference")
    tasks = by_name(objects.workflow_template(NAME).templates["dag"]["dag"]["tasks"])
    called = tasks["implement"]["templateRef"]
    template = objects.workflow_template(called["name"]).templates[called["template"]]
    assert by_name(template["inputs"]["parameters"]).keys() == {"github-app", "commit", "branch"}
    assert template["container"]["args"] == ["agent"]


def test_no_step_runs_an_agent_s_image(render: Renderer) -> None:
    """It would share Argo's folder, network and executor with it; the controller gives agents pods of their own."""
    objects = render("reference")
    agents = yaml.safe_load((Path(__file__).parent / "cases" / "reference.yaml").read_text())["agents"]["reference"]
    for template in objects.of("WorkflowTemplate"):
        for name, data in template.templates.items():
            images = [item["image"] for item in [data.get("container", {"image": ""}), *data.get("initContainers", [])]]
            assert agents["image"] not in images, name


def test_an_agent_without_an_image_is_refused_by_name(render: Renderer) -> None:
    wanted = r"agents\.reference\.apps\.clippy\.image or agents\.reference\.image is needed"
    with pytest.raises(RenderError, match=wanted):
        render(values={"agents": {"reference": {"enabled": True}}})


def test_shared_services_open_only_what_they_name(render: Renderer) -> None:
    text = fences(render("shared-services"))
    assert "kubernetes.io/metadata.name: gateways" in text
    assert "kubernetes.io/metadata.name: databases" in text
    assert "kubernetes.io/metadata.name: ingress" not in text
    assert "kube-system" not in text


def test_a_chart_of_a_registry_is_the_default_of_its_argument(render: Renderer) -> None:
    objects = render("oci-chart")
    parameters = by_name(objects.workflow_template(NAME).spec["arguments"]["parameters"])
    assert parameters["chartPath"]["value"] == "oci://registry.example.com/charts/service"
    deploy = settings(objects)["deploy"]
    assert deploy["set"] == {
        "container.image": "registry.example.com/shop@{digest}",
        "route.hostname": "{host}",
        "labels.commit": "{commit}",
    }
    assert deploy["allowNoEndpoint"] is True


def test_a_private_authority_is_trusted_by_everything_that_speaks_tls(render: Renderer) -> None:
    objects = render("private-authorities")
    template = objects.workflow_template(NAME)
    for name in ("deploy", "acceptance"):
        step = template.templates[name]
        assert by_name(step["volumes"])["trust"]["configMap"]["name"] == "company-authorities", name
        environment = by_name(step["container"]["env"])
        assert "/etc/ssl/idag/ca-bundle.crt" in {item.get("value") for item in environment.values()}, name
    s3 = objects.config_map(f"{NAME}-artifacts").embedded("evidence")["s3"]
    assert s3["caSecret"] == {"name": "evidence-s3-ca", "key": "ca.crt"}
    assert s3["secretKeySecret"] == {"name": "evidence-s3", "key": "secretKey"}
    controller = by_name(objects.deployment(f"{NAME}-controller").containers["controller"]["env"])
    assert controller["TRUST_CONFIGMAP"]["value"] == "company-authorities"


def test_acceptance_asks_what_the_values_say(render: Renderer) -> None:
    objects = render("acceptance")
    config = settings(objects, "acceptance")
    assert [item["path"] for item in config["acceptance"]["paths"]] == ["/", "/api/items?limit=1", "/admin"]
    parameters = by_name(objects.workflow_template(NAME).spec["arguments"]["parameters"])
    given = {name: parameters[name]["value"] for name in ("min_success_pct", "max_p95_ms", "requests_per_host")}
    assert given == {"min_success_pct": "1", "max_p95_ms": "300", "requests_per_host": "50"}


@pytest.mark.parametrize(
    ("requests", "rate", "seconds"), [(3, 5, 900), (20, 2, 20), (1000, 100, 20)], ids=["paths", "time", "fast"]
)
def test_as_many_requests_as_there_is_time_for_are_taken(
    requests: int, rate: int, seconds: int, render: Renderer
) -> None:
    paths = [{"path": f"/{n}", "status": [200]} for n in range(3)]
    acceptance = {"paths": paths, "requestsPerSecond": rate, "stepTimeoutSeconds": seconds}
    values = {"defaults": {"requestsPerHost": requests}, "acceptance": acceptance}
    template = render(values=values).workflow_template(NAME)
    assert by_name(template.spec["arguments"]["parameters"])["requests_per_host"]["value"] == str(requests)


def test_the_controller_of_pull_requests_reads_what_the_chart_tells_it(render: Renderer) -> None:
    container = render("pull-requests-gitea").deployment(f"{NAME}-pull-requests").containers["pull-requests"]
    env = {name: item.get("value", "workflows") for name, item in by_name(container["env"]).items()}
    told = pull_requests.load(env)
    assert told.url == "https://gitea.example.com/api/v1"
    assert told.evidence
    assert told.evidence("a/b.json", "") == "https://evidence.example.com/bucket/a/b.json"
    assert (told.poll_seconds, told.calls_per_hour, told.on_failure) == (120, 3000, "request-changes")
    assert told.limits == Limits(12, 3, 5, "each takes pods 10 of 55, requests.cpu 500m of 4")
    for who in ("reader", "reporter", "qa"):
        assert env[f"FORGE_{who.upper()}"] == f"/var/run/secrets/implementation-dag/{who}"


@pytest.mark.parametrize(
    ("values", "bucket"),
    [
        ({}, "https://s3.eu-central-1.amazonaws.com/evidence"),
        ({"evidence": {"s3": {"insecure": True}}}, "http://s3.eu-central-1.amazonaws.com/evidence"),
        ({"forge": {"evidenceUrl": "https://evidence.example.com"}}, "https://evidence.example.com"),
    ],
)
def test_links_are_signed_to_the_bucket_or_to_where_people_reach_it(
    render: Renderer, values: Object, bucket: str, tmp_path: Path
) -> None:
    deployment = render("pull-requests-signed-links", values=values).deployment(f"{NAME}-pull-requests")
    container = deployment.containers["pull-requests"]
    env = {name: item.get("value", "workflows") for name, item in by_name(container["env"]).items()}
    mounted = by_name(deployment.pod["volumes"])["evidence"]["secret"]["secretName"]
    assert (mounted, env["FORGE_EVIDENCE"]) == ("evidence-reader", "/var/run/secrets/implementation-dag/evidence")
    for key in (ACCESS_KEY, SECRET_KEY):
        (tmp_path / key).write_text("x")
    signed = pull_requests.load(env | {"FORGE_EVIDENCE": str(tmp_path)}).evidence
    assert signed == Signed(bucket, "eu-central-1", tmp_path, 3)


def test_the_reaper_is_told_what_values_say(render: Renderer) -> None:
    found = told_to_the_reaper(render("every-value"), "previews")
    assert (found.interval_seconds, found.decision.grace_seconds, found.dry_run) == (60, 600, True)
    assert found.remove_finalizers == {"example.com/hold", "example.com/other"}
    assert (found.decision.release, found.decision.cluster_scoped) == ("previews", True)
    found = told_to_the_reaper(render(), NAME)
    assert (found.interval_seconds, found.decision.grace_seconds, found.dry_run) == (30, 120, False)
    assert found.remove_finalizers == set()


def told_to_the_reaper(objects: Objects, name: str) -> reaper.Told:
    env = by_name(objects.deployment(f"{name}-reaper").containers["reaper"]["env"])
    return reaper.load({name: item.get("value", "workflows") for name, item in env.items()})


def test_without_a_reaper_nothing_of_it_is_there(render: Renderer) -> None:
    assert not [address for address in render("own-platform") if "-reaper" in address]
    assert [address for address in render("admission") if f"{NAME}-reaper" in address]
    objects = render(values=BEFOREHAND_WITH_POLICIES | {"reaper": {"enabled": False}})
    assert not [address for address in objects if "-reaper" in address]
    assert "-reaper" not in fences(objects)


def test_where_previews_are_made_beforehand_the_reaper_has_releases_uninstalled(render: Renderer) -> None:
    objects = render("beforehand")
    assert not told_to_the_reaper(objects, NAME).decision.cluster_scoped
    (rule,) = [each for each in objects.role(f"{NAME}-reaper")["rules"] if each["resources"] == ["docsruns"]]
    assert rule["verbs"] == ["list", "delete", "create"]
    (rule,) = [each for each in render().role(f"{NAME}-reaper")["rules"] if each["resources"] == ["docsruns"]]
    assert rule["verbs"] == ["list", "delete"]
    assert f"name: {NAME}-reaper" in fences(objects)
    assert f"name: {NAME}-reaper" not in fences(render())


def test_the_policy_lets_the_reaper_make_docsruns_only_where_previews_are_made_beforehand(render: Renderer) -> None:
    def made(values: Object) -> list[str]:
        policy = render(values=values)[f"ValidatingAdmissionPolicy/{NAME}-reaper"]
        (found,) = [
            each for each in policy.spec["validations"] if "the reaper makes events" in each["messageExpression"]
        ]
        return [word for word in ("'events'", "'docsruns'", "and DocsRuns") if word in str(found)]

    assert made(BEFOREHAND_WITH_POLICIES) == ["'events'", "'docsruns'", "and DocsRuns"]
    assert made({"policies": {"install": "always"}}) == ["'events'"]


def test_finalizers_that_values_name_are_what_the_reaper_may_patch(render: Renderer) -> None:
    def verbs(case: str) -> set[str]:
        name = "previews-reaper" if case == "every-value" else f"{NAME}-reaper"
        return {verb for rule in render(case).cluster_role(name)["rules"] for verb in rule["verbs"]}

    assert verbs("every-value") == {"list", "delete", "patch"}
    assert verbs("admission") == {"list", "delete"}


def test_our_controllers_may_start_slowly_and_are_killed_only_when_they_hang(render: Renderer) -> None:
    controllers = render("pull-requests-gitea").of("Deployment")
    assert len(controllers) >= 3
    for controller in controllers:
        for container in controller.containers.values():
            start, live = container["startupProbe"], container["livenessProbe"]
            assert start["failureThreshold"] * start["periodSeconds"] >= 120, controller.address
            assert min(start["timeoutSeconds"], live["timeoutSeconds"]) >= 5, controller.address
