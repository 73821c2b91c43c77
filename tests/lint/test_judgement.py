"""What the rules must find of each kind, and what they must leave alone: one case a line."""
# ruff: noqa: E501 (a case a line)

import json
from typing import Any

import pytest

from idag.lint import lint
from idag.render.manifests import Object, load

RBAC = "rbac.authorization.k8s.io"


def of_pod(spec: str) -> str:
    """What IDAG503 says of a pod that is otherwise as it should be."""
    good = load(
        "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c,"
        " image: 'c:1', securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"
    )
    for key, value in load(spec).items():
        mine, container = good[key] if key == "securityContext" else {}, good["containers"][0]
        if key == "container":
            container["securityContext"] |= value.pop("securityContext", {})
            container |= value
        else:
            good[key] = mine | value if isinstance(value, dict) else value
    pod: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": good}
    return "\n".join(map(str, lint([pod], ["IDAG503"])))


POWERS = {
    "hostNetwork: true": "hostNetwork",
    "hostPID: true": "hostPID",
    "hostIPC: true": "hostIPC",
    "volumes: [{name: v, hostPath: {path: /var/run}}]": "hostPath /var/run",
    "volumes: [{name: v, nfs: {server: a, path: /}}]": "nfs",
    "securityContext: {runAsUser: 0}": "runAsUser: 0",
    "securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}": "kernel.msgmax",
    "securityContext: {seccompProfile: {type: Unconfined}}": "Unconfined",
    "securityContext: {appArmorProfile: {type: Unconfined}}": "appArmorProfile",
    "securityContext: {seLinuxOptions: {type: spc_t}}": "seLinuxOptions",
    "securityContext: {windowsOptions: {hostProcess: true}}": "hostProcess",
    "container: {securityContext: {privileged: true}}": "privileged",
    "container: {securityContext: {capabilities: {drop: [ALL], add: [SYS_ADMIN]}}}": "SYS_ADMIN",
    "container: {securityContext: {runAsUser: 0}}": "runAsUser: 0",
    "container: {securityContext: {runAsNonRoot: false}}": "runAsNonRoot: false",
    "container: {securityContext: {procMount: Unmasked}}": "procMount",
    "container: {securityContext: {seccompProfile: {type: Unconfined}}}": "Unconfined",
    "container: {ports: [{containerPort: 1, hostPort: 80}]}": "hostPort 80",
    "initContainers: [{name: i, securityContext: {privileged: true}}]": "initContainers[i]: IDAG503 the container has priv",
    "ephemeralContainers: [{name: e, securityContext: {capabilities: {add: [NET_RAW]}}}]": "ephemeralContainers[e]",
}
HARMLESS = (
    "{}",
    "volumes: [{name: v, emptyDir: {}}, {name: w, secret: {secretName: s}}, {name: x, image: {reference: 'i:1'}}]",
    "container: {securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}, runAsUser: 1000}}",
    "securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}], seLinuxOptions: {type: container_t}}",
    "hostNetwork: false",
)


@pytest.mark.parametrize("spec", POWERS)
def test_each_power_beyond_restricted_is_found(spec: str) -> None:
    assert POWERS[spec] in of_pod(spec)


@pytest.mark.parametrize("spec", HARMLESS)
def test_what_restricted_allows_is_left_alone(spec: str) -> None:
    assert of_pod(spec) == ""


def of_role(rule: str, role: str = "ClusterRole", binding: str = "ClusterRoleBinding") -> bool:
    """Whether IDAG805 finds a role with the rule `groups resources verbs`, commas between, bound so."""
    fields = ("apiGroups", "resources", "verbs", "resourceNames")
    parts = [part.replace("core", "").split(",") for part in rule.split()]
    rules = [dict(zip(fields, parts, strict=False))]
    items: list[dict[str, Any]] = [
        {"apiVersion": f"{RBAC}/v1", "kind": role, "metadata": {"name": "r"}, "rules": rules},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": binding,
            "metadata": {"name": "b"},
            "roleRef": {"kind": role, "name": "r"},
        },
    ]
    return bool(lint(items, ["IDAG805"]))


@pytest.mark.parametrize(
    "rule",
    [
        *("core secrets get", "core secrets list", "core secrets watch", "* secrets *", "* * *", "core pods create"),
        *(
            "apps deployments patch",
            "batch cronjobs update",
            "core pods/exec create",
            "core pods/exec get",
            "core pods/* *",
        ),
        *(
            "core nodes/proxy get",
            "core serviceaccounts/token create",
            "core serviceaccounts impersonate",
            "core */exec *",
        ),
        *(f"{RBAC} clusterroles escalate", f"{RBAC} roles bind", f"{RBAC} * *", "core persistentvolumes create"),
        *("core users,groups impersonate", "certificates.k8s.io certificatesigningrequests/approval update"),
        *("core pods/ephemeralcontainers patch", "admissionregistration.k8s.io mutatingwebhookconfigurations create"),
    ],
)
def test_each_way_to_all_rights_is_found(rule: str) -> None:
    assert of_role(rule)


@pytest.mark.parametrize(
    "rule", ["core pods get,list", "core configmaps *", "core secrets get only-this", "example.com jobs *"]
)
def test_other_rights_are_left_alone(rule: str) -> None:
    assert not of_role(rule)


def test_in_a_namespace_only_giving_rights_is_found() -> None:
    assert not of_role("core secrets,pods *", binding="RoleBinding")
    assert of_role(f"{RBAC} roles escalate", role="Role", binding="RoleBinding")


def of_workflow(spec: str, rule: str, kind: str = "Workflow") -> str:
    item = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": "w"}, "spec": load(spec)}
    return "\n".join(map(str, lint([item], [rule])))


def one(template: str, rest: str = "") -> str:
    return f"{{entrypoint: a, templates: [{{name: a, {template}}}]{rest}}}"


PATCH = "container: {image: 'i:1'}, podSpecPatch: "
FOUND = [
    ("IDAG503", one(PATCH + """'{"hostNetwork": true}'"""), "hostNetwork"),
    ("IDAG503", one("container: {}", ", hostNetwork: true"), "hostNetwork"),
    (
        "IDAG503",
        one("script: {}", """, podSpecPatch: 'containers: [{name: x, securityContext: {runAsUser: 0}}]'"""),
        "runAsUser",
    ),
    ("IDAG106", one(PATCH + "'{{inputs.parameters.patch}}'"), "podSpecPatch"),
    (
        "IDAG106",
        one("suspend: {}", ", templateDefaults: {podSpecPatch: '{{workflow.parameters.x}}'}"),
        "templateDefaults",
    ),
    ("IDAG207", "{templates: [{name: a, suspend: {}}]}", "no entrypoint"),
    ("IDAG207", "{entrypoint: b, templates: []}", "no template b; there are none"),
    ("IDAG207", one("suspend: {}", ", onExit: gone"), "spec.onExit"),
    ("IDAG207", one("suspend: {}", ", hooks: {exit: {template: gone}}"), "spec.hooks.exit.template"),
    ("IDAG207", one("steps: [[{name: s, template: gone}]]"), "steps[0][s].template"),
    ("IDAG207", one("steps: [[{name: s, template: a, when: x, onExit: gone}]]"), "[s].onExit"),
    ("IDAG207", one("dag: {tasks: [{name: t, template: a, hooks: {exit: {template: gone}}}]}"), "hooks.exit"),
    ("IDAG207", one("dag: {tasks: [{name: t}]}"), "names no template"),
    ("IDAG207", one("inputs: {}"), "runs nothing"),
    ("IDAG208", one("dag: {tasks: [{name: t, template: a, dependencies: [gone]}]}"), "waits for gone"),
    ("IDAG208", one("dag: {tasks: [{name: t, template: a, depends: t}]}"), "in a circle"),
    (
        "IDAG208",
        one("dag: {tasks: [{name: t, inline: {}, depends: u}, {name: u, depends: t.Failed}]}"),
        "circle, each waits for another: t, u",
    ),
    ("IDAG208", one("dag: {tasks: [{name: t, inline: {}}, {name: u, depends: t.Suceeded}]}"), "ends as Suceeded"),
    ("IDAG208", one("dag: {target: gone, tasks: [{name: t, inline: {}}]}"), "no task gone"),
    ("IDAG208", one("steps: [[{name: s, template: a}]]"), "runs itself again"),
    ("IDAG209", one("dag: {tasks: [{name: t, template: a}, {name: t, template: a}]}"), "t is there 2 times"),
    ("IDAG721", one("container: {image: 'busybox:1', command: [sh, -c, kubectl get pods]}"), "no kubectl"),
    ("IDAG711", one("container: {image: 'i:1', command: [sh, -c, 'rm {{inputs.parameters.x}} $y']}"), "SC2086"),
    ("IDAG602", one("script: {command: [python], source: 'import requests'}"), "no retryStrategy"),
    ("IDAG203", one("container: {args: ['{{workflow.parameters.x}}']}"), "no such argument"),
    ("IDAG204", one("inputs: {parameters: [{name: x}]}, suspend: {}"), "nobody gives input x"),
]
LEFT = [
    ("IDAG503", one(PATCH + "'terminationGracePeriodSeconds: 5'", ", podSpecPatch: 'not: [yaml'"), "the patch"),
    ("IDAG106", one(PATCH + "'{\"hostname\": {{=toJson(inputs.parameters.x)}}}'"), "IDAG106"),
    ("IDAG207", "{workflowTemplateRef: {name: elsewhere}, entrypoint: there, onExit: there}", "IDAG207"),
    ("IDAG207", one("steps: [[{name: s, template: '{{inputs.parameters.t}}'}]]"), "IDAG207"),
    ("IDAG208", one("steps: [[{name: s, template: a, when: '{{x}} == 1'}]]"), "IDAG208"),
    ("IDAG721", one("inputs: {artifacts: [{name: k, path: /usr/bin/kubectl}]}, container: {image: 'busybox:1', command: [sh, -c, kubectl get pods]}"), "IDAG721"),
    ("IDAG721", one("container: {image: 'alpine:3', command: [sh, -c, 'jq() { cat; }; jq']}"), "IDAG721"),
    ("IDAG721", one("container: {image: 'alpine:3', volumeMounts: [{name: t, mountPath: /usr/local/bin}], command: [sh, -c, 'jq .']}"), "IDAG721"),
    ("IDAG711", one("container: {image: 'i:1', command: [sh, -c, 'cat {{inputs.artifacts.a.path}} | tee {{outputs.artifacts.b.path}}']}"), "IDAG711"),
    ("IDAG711", one("""container: {image: 'i:1', command: [sh, -c, "echo 'payload {{workflow.name}}'"]}"""), "IDAG711"),
    ("IDAG711", one("container: {image: 'python:3-alpine', command: [sh, -c, 'echo -n $((RANDOM % 10))']}"), "IDAG711"),
    ("IDAG602", one("container: {image: 'i:1', command: [echo], args: [hello]}"), "IDAG602"),
    ("IDAG602", one("script: {command: [python], source: 'import random; print(random.random())'}"), "IDAG602"),
    ("IDAG102", one("container: {command: [echo], args: ['{{inputs.parameters.x}}']}"), "IDAG102"),
]  # fmt: skip
FOR_CALLERS = [
    ("IDAG203", one("container: {args: ['{{workflow.parameters.x}}']}")),
    ("IDAG204", one("inputs: {parameters: [{name: x}]}, suspend: {}")),
    ("IDAG207", "{templates: [{name: a, suspend: {}}]}"),
]


@pytest.mark.parametrize(("rule", "spec", "told"), FOUND)
def test_faults_are_found(rule: str, spec: str, told: str) -> None:
    assert told in of_workflow(spec, rule)


@pytest.mark.parametrize(("rule", "spec", "told"), LEFT)
def test_what_is_no_fault_is_left_alone(rule: str, spec: str, told: str) -> None:
    assert told not in of_workflow(spec, rule)


@pytest.mark.parametrize(("rule", "spec"), FOR_CALLERS)
def test_a_template_may_count_on_its_callers(rule: str, spec: str) -> None:
    assert of_workflow(spec, rule, "WorkflowTemplate") == ""


def test_a_reference_into_the_set_is_followed() -> None:
    library = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": "library"}}
    library["spec"] = load("{templates: [{name: there, suspend: {}}]}")
    run = json.loads(json.dumps(library)) | {"kind": "Workflow"}
    run["spec"] = load(one("steps: [[{name: s, templateRef: {name: library, template: gone}}]]"))
    found = lint([library, run], ["IDAG207"])
    assert [finding.path for finding in found] == ["spec.templates[a].steps[0][s].templateRef"]
