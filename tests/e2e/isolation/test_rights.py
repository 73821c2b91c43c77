"""What each identity may do, asked of the cluster itself, is what rights.yaml says; `make rights` rewrites it.

A widened right, of whatever Role it comes, is a line more in that file.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from idag.render import helm
from scripts.chart.rights.snapshot import become
from scripts.lab.kubectl import Kubectl

from .conftest import IDENTITIES, NAMESPACE, RELEASE, ROOT, VALUES

SNAPSHOT = Path(__file__).parent / "rights.yaml"
HEADER = "# identity → where → resource (of one name only) → verbs. Written by `make rights`; read the diff.\n"
NAMESPACES = {
    "in the release namespace": NAMESPACE,
    "in its preview": "impl-isolation-pr-1",
    "in another preview": "impl-isolation-pr-2",
    "in any other namespace": "default",
}
# Every service account has these rights, so they are told once.
EVERYBODY = "every service account"
WHO = {EVERYBODY: f"system:serviceaccount:{NAMESPACE}:nobody"} | {
    name: IDENTITIES[name] for name in ("runner", "provisioner", "controller", "reaper", "deployer")
}
Rights = dict[str, str]


def ask(kubectl: Kubectl, user: str, namespace: str) -> Rights:
    """Return the rights that `user` has in `namespace`, the cluster's own resources included."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    flags = ["create", "--validate=false", "--filename=-", "--output=json", f"--as={user}"]
    status: dict[str, Any] = json.loads(kubectl.run(*flags, stdin=json.dumps(review)))["status"]
    # The node authorizer, which knows nodes only, says that it cannot list rules.
    assert status.get("evaluationError", "") in ("", "node authorizer does not support user rule resolution")
    found: defaultdict[str, set[str]] = defaultdict(set)
    for rule in status["resourceRules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames") or [""]:
                    found[".".join(filter(None, (resource, group))) + (f" ({name})" if name else "")] |= {
                        *rule["verbs"]
                    }
    for rule in status["nonResourceRules"]:
        for url in rule.get("nonResourceURLs", []):
            found[url] |= {*rule["verbs"]}
    return {what: " ".join(sorted(verbs)) for what, verbs in sorted(found.items())}


def everything(kubectl: Kubectl) -> dict[str, dict[str, Rights]]:
    shared = ask(kubectl, WHO[EVERYBODY], "default")
    found: dict[str, dict[str, Rights]] = {EVERYBODY: {"everywhere": shared}}
    for identity, user in WHO.items():
        if identity != EVERYBODY:
            found[identity] = {
                where: {
                    what: verbs for what, verbs in ask(kubectl, user, namespace).items() if shared.get(what) != verbs
                }
                for where, namespace in NAMESPACES.items()
            }
    return found


def test_the_rights_are_as_written_down(kubectl: Kubectl, previews: None) -> None:
    found = everything(kubectl)
    if os.environ.get("UPDATE_SNAPSHOTS") and not os.environ.get("CI"):
        SNAPSHOT.write_text(HEADER + yaml.safe_dump(found, sort_keys=False, width=140))
    kept = yaml.safe_load(SNAPSHOT.read_text())
    assert set(lines(found)) - set(lines(kept)) == set(), (
        "rights that rights.yaml does not know (make rights, then read the diff)"
    )
    assert set(lines(kept)) - set(lines(found)) == set(), "rights that are gone (make rights)"


def lines(rights: dict[str, dict[str, Rights]]) -> list[str]:
    """Return one line for each right: who may do what to what, and where."""
    return [
        f"{who} may {verb} {what} {where}"
        for who, places in rights.items()
        for where, found in places.items()
        for what, verbs in found.items()
        for verb in verbs.split()
    ]


def test_nobody_reads_secrets_outside_its_preview(kubectl: Kubectl, previews: None) -> None:
    """The one promise that no snapshot may soften: only the deployer reads Secrets, and only in its own preview."""
    readers = {
        (who, where, what)
        for who, places in everything(kubectl).items()
        for where, found in places.items()
        for what, verbs in found.items()
        if what.split(" ")[0] == "secrets" and {"get", "list", "watch"} & {*verbs.split()}
    }
    assert readers == {
        ("deployer", "in its preview", "secrets"),
        ("provisioner", "in the release namespace", "secrets (registry)"),
    }


def bound(kubectl: Kubectl) -> list[dict[str, Any]]:
    """The roles of the cluster and every binding, whoever made it, that gives one to an identity of the release."""
    roles = kubectl.items("clusterroles") + kubectl.items("roles", f"--namespace={NAMESPACE}")
    bindings = kubectl.items("clusterrolebindings") + kubectl.items("rolebindings", f"--namespace={NAMESPACE}")
    found = []
    for binding in bindings:
        subjects = [
            subject
            for subject in binding.get("subjects", [])
            if subject["kind"] == "ServiceAccount"
            and subject.get("namespace") == NAMESPACE
            and subject["name"].startswith(f"{RELEASE}-")
        ]
        if subjects:
            found.append(binding | {"subjects": subjects})
    named = {binding["roleRef"]["name"] for binding in found} | {f"{RELEASE}-preview", f"{RELEASE}-provision"}
    return [*found, *(role for role in roles if role["metadata"]["name"] in named)]


def test_who_can_become_whom_is_as_the_chart_says(kubectl: Kubectl, previews: None, tmp_path: Path) -> None:
    template = kubectl.get("workflowtemplate", RELEASE, f"--namespace={NAMESPACE}")
    provisioner = kubectl.get("deployment", f"{RELEASE}-provisioner", f"--namespace={NAMESPACE}")
    assert template
    assert provisioner
    values = tmp_path / "values.json"
    values.write_text(json.dumps(VALUES))
    rendered = helm.template(ROOT / "charts" / "implementation-dag", values, release=RELEASE, namespace=NAMESPACE)
    live = [*bound(kubectl), template, provisioner]
    for policies in (True, False):
        assert become(live, RELEASE, NAMESPACE, policies) == become(rendered, RELEASE, NAMESPACE, policies)
