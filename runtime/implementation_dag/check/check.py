"""Entry of the test pod: every check, one line each; the exit code is Helm's verdict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import yaml
from lightkube import Client
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.authorization_v1 import LocalSubjectAccessReview, SubjectAccessReview

from implementation_dag.base import git, kube, proxy
from implementation_dag.contract import settings
from implementation_dag.preview.reachability import trust_context

from . import agents, definitions, evidence, git_access, rights
from .finding import Finding, ok, problem, report, unknown

INPUT = Path("/etc/implementation-dag-test")
Workflow = create_namespaced_resource("argoproj.io", "v1alpha1", "Workflow", "workflows")
WorkflowTemplate = create_namespaced_resource("argoproj.io", "v1alpha1", "WorkflowTemplate", "workflowtemplates")
Object = dict[str, Any]


def main() -> int:
    """Check the installation that the environment names; 1 when something keeps the pipeline from working.

    NAMESPACE, CLUSTER_SCOPED (true or false), AGENT_TEMPLATE (name/template), WORKFLOW (the test workflow),
    WAIT_SECONDS and REPOSITORY (owner/repo or empty) come from the chart, as do the files in
    /etc/implementation-dag-test. Raises StepError.
    """
    return 1 if report(findings(kube.client())) else 0


def findings(client: Client) -> Iterator[Finding]:
    """Yield what each check found, the quick ones first."""
    namespace, env = os.environ["NAMESPACE"], os.environ
    everywhere = env["CLUSTER_SCOPED"] == "true"
    ours = [item for item in yaml.safe_load_all((INPUT / "definitions.yaml").read_text()) if item]
    if everywhere:
        yield from definitions.check(lambda name: _found(client, CustomResourceDefinition, name), ours)
    else:
        yield unknown(
            "CRDs", "cannot be read without a ClusterRole (rbac.clusterScoped)", "an administrator: make doctor"
        )
    name, template = env["AGENT_TEMPLATE"].split("/")
    yield agents.interface(_found(client, WorkflowTemplate, name, namespace=namespace), name, template)
    roles = list(yaml.safe_load_all((INPUT / "rbac.yaml").read_text()))
    ask = _ask_everywhere if everywhere else _ask_locally
    yield from rights.check(lambda identity, right: ask(client, identity, right), roles, namespace, everywhere)
    yield from _git(settings.load(settings.OfHead).git, env.get("REPOSITORY", ""))
    workflow = env["WORKFLOW"]
    yield evidence.check(
        lambda: _found(client, Workflow, workflow, namespace=namespace) or {}, float(env["WAIT_SECONDS"])
    )


def _found(client: Client, kind: Any, name: str, **where: str) -> Object | None:
    def get() -> Object | None:
        try:
            return kube.as_dict(client.get(kind, name, **where))
        except httpx2.HTTPStatusError as error:
            # Of a kind that the API server does not know, it does not even say so in words.
            if error.response.status_code == httpx2.codes.NOT_FOUND:
                return None
            raise

    return kube.persistently(f"read {kind.__name__} {name}", get)


def _ask_everywhere(client: Client, identity: rights.Identity, right: rights.Right) -> bool:
    return _answer(identity, right, lambda: client.create(SubjectAccessReview(spec=_question(identity, right))))


def _ask_locally(client: Client, identity: rights.Identity, right: rights.Right) -> bool:
    review = LocalSubjectAccessReview(metadata=ObjectMeta(namespace=right.namespace), spec=_question(identity, right))
    return _answer(identity, right, lambda: client.create(review))


def _question(identity: rights.Identity, right: rights.Right) -> SubjectAccessReviewSpec:
    resource, _, subresource = right.resource.partition("/")
    attributes = ResourceAttributes(
        verb=right.verb,
        group=right.group,
        resource=resource,
        subresource=subresource,
        namespace=right.namespace,
        name=right.name,
    )
    return SubjectAccessReviewSpec(user=identity.user, groups=identity.groups, resourceAttributes=attributes)


def _answer(identity: rights.Identity, right: rights.Right, create: Callable[[], Any]) -> bool:
    answer = kube.persistently(f"ask whether {identity.name} may {right}", create)
    return bool(answer.status and answer.status.allowed)


def _git(told: settings.Git, repository: str) -> Iterator[Finding]:
    secret, keys = told.credentials_secret, {}
    if secret:
        keys = {
            key: path.read_text().strip()
            for key in ("username", "password")
            if (path := git.CREDENTIALS / key).exists()
        }
        if missing := {"username", "password"} - keys.keys():
            remedy = "create the Secret that the value git.credentialsSecret names, with these keys"
            yield problem(
                "git.credentialsSecret", f"Secret {secret} is not there or lacks {', '.join(sorted(missing))}", remedy
            )
            return
        yield ok("git.credentialsSecret", f"{secret} has its keys")
    bundle = os.environ.get("SSL_CERT_FILE", "")
    if bundle and not Path(bundle).is_file():
        remedy = "create the ConfigMap that the value trust.configMap names, with this key"
        yield problem("trust.configMap", f"not there, or without the key {Path(bundle).name}", remedy)
        return
    server = git_access.Server(told.base_url, repository, keys.get("username", ""), keys.get("password", ""))
    trusted = trust_context(Path(bundle) if bundle else None)
    with httpx2.Client(verify=trusted, trust_env=False, proxy=proxy.of(server.base_url)) as client:
        yield from git_access.check(server, client)
