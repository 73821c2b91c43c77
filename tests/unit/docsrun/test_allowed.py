"""A DocsRun asks for no identity, image, Secret or address but the allowed ones, and is told by name what is wrong."""

from __future__ import annotations

import posixpath
import random
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from lightkube import ApiError, Client

from idag.render.manifests import load
from implementation_dag.docsrun import allowed, reconcile
from implementation_dag.docsrun.settings import Settings
from scripts.chart.render.project import CHART

BASE = "https://git.example.com/forge"
SETTINGS = Settings(
    release="pipe",
    image="registry:5000/runtime:1",
    image_repositories=("registry:5000/runtime", "docs.example.com/mkdocs"),
    service_accounts=("mkdocs",),
    git_base_url=BASE,
    git_credentials_secret="token",
)
SOURCE = {"url": f"{BASE}/acme/shop.git", "commit": "0" * 40, "credentialsSecret": "token"}
SPEC: dict[str, Any] = {
    "image": "registry:5000/runtime:1",
    "command": ["true"],
    "serviceAccountName": "pipe-deployer.impl-pr-7",
    "targetNamespace": "impl-pr-7",
    "source": SOURCE,
}


def refused(settings: Settings = SETTINGS, **changed: Any) -> str:
    return allowed.refusal(SPEC | changed, settings)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"image": f"registry:5000/runtime@sha256:{'0' * 64}"},
        {"image": f"registry:5000/runtime:2@sha256:{'0' * 64}"},
        {"image": "docs.example.com/mkdocs:3", "serviceAccountName": "mkdocs", "targetNamespace": ""},
        {"source": {key: value for key, value in SOURCE.items() if key != "credentialsSecret"}},
        {"source": None},
        {"source": SOURCE | {"url": f"{BASE}/group/sub-group/a.b_c~d"}},
    ],
)
def test_what_the_pipeline_and_values_ask_for_is_allowed(changed: dict[str, Any]) -> None:
    assert refused(**changed) == ""


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"image": "evil:1"}, "spec.image 'evil:1': must be of repository registry:5000/runtime or docs.example.com"),
        ({"image": "registry:5000/evil:1"}, "spec.image 'registry:5000/evil:1'"),
        ({"image": "registry:5000/runtime-evil:1"}, "spec.image"),
        ({"image": "registry:5000/runtime/evil:1"}, "spec.image"),
        ({"image": "docs.example.com/mkdocs:5000/evil:1"}, "spec.image"),
        ({"image": "registry:5000/runtime:1\n"}, "spec.image"),
        ({"serviceAccountName": "pipe-runner"}, "'pipe-runner': that service account is the pipeline's own"),
        ({"serviceAccountName": "pipe-provisioner"}, "the pipeline's own"),
        ({"serviceAccountName": "pipe-controller"}, "the pipeline's own"),
        ({"serviceAccountName": "pipe-reporter"}, "the pipeline's own"),
        ({"serviceAccountName": "pipe-box"}, "the pipeline's own"),
        ({"serviceAccountName": "default"}, "must be the deployer of targetNamespace, pipe-deployer.impl-pr-7, or one"),
        ({"serviceAccountName": "pipe-deployer.impl-pr-8"}, "pipe-deployer.impl-pr-7, or one of value"),
        ({"targetNamespace": ""}, "pipe-deployer.<targetNamespace>, or one of value docsrun.serviceAccounts (mkdocs)"),
        ({"serviceAccountName": "pipe-deployer.", "targetNamespace": ""}, "must be the deployer"),
        ({"source": SOURCE | {"url": "http://10.0.0.1:6443/x.git"}}, f"must be {BASE}/<owner>/<repo>.git"),
        ({"source": SOURCE | {"credentialsSecret": "s3"}}, "credentialsSecret 's3': must be 'token'"),
    ],
)
def test_what_is_too_much_is_named(changed: dict[str, Any], words: str) -> None:
    assert words in refused(**changed)


def test_without_a_credential_in_values_none_is_sent() -> None:
    found = refused(Settings(**{**vars(SETTINGS), "git_credentials_secret": ""}))
    assert found == "spec.source.credentialsSecret 'token': value git.credentialsSecret names none"


PIECES = [
    "https://", "http://", "git.example.com", "evil.example", "/forge", "/forge-2", "/acme", "/shop.git", "/", "//",
    "@", "user:pass@", ":443", ":6443", "?", "#", "%2e%2e", "/..", "/.", "\\", "\n", " ", "..", ";", "é",
]  # fmt: skip


def test_no_address_that_is_allowed_leads_elsewhere() -> None:
    chance = random.Random(12)  # noqa: S311 -- no secret
    taken = 0
    for _ in range(20_000):
        url = chance.choice([BASE, ""]) + "".join(chance.choices(PIECES, k=chance.randrange(1, 6)))
        if allowed.refusal(SPEC | {"source": SOURCE | {"url": url}}, SETTINGS):
            continue
        taken += 1
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "git.example.com", "", ""), url
        assert posixpath.normpath(parts.path).startswith("/forge/"), url
        assert "%" not in url, url
    assert taken > 100


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in load((CHART.parents[1] / "policies" / "cases" / "accounts.yaml").read_text())
        # The policy alone sees who asks and what an object is besides its spec.
        if case["create"]["kind"] == "DocsRun" and "finalizer" not in case["name"]
    ],
    ids=lambda case: case["name"],
)
def test_the_controller_decides_as_the_admission_policy_does(case: dict[str, Any]) -> None:
    settings = Settings(
        release="isolation-policies",
        image_repositories=("ghcr.io/implementation-dag/runtime", "registry.example.com/mkdocs"),
        service_accounts=("mkdocs",),
        git_base_url="https://github.com",
        git_credentials_secret="git",
    )
    assert bool(allowed.refusal(case["create"]["spec"], settings)) == ("refused" in case)


class NoJobs:
    """An API server without Jobs, which takes none."""

    def get(self, *_: Any, **__: Any) -> None:
        error = ApiError.__new__(ApiError)
        error.status = type("Status", (), {"code": 404, "message": "not found"})()
        raise error

    def create(self, *_: Any, **__: Any) -> None:
        raise AssertionError("a Job was made")


def test_no_job_is_made_of_what_is_refused() -> None:
    docsrun = {"metadata": {"name": "run", "namespace": "workflows", "uid": "u"}, "spec": SPEC | {"image": "evil:1"}}
    status = reconcile.reconcile(cast(Client, NoJobs()), docsrun, SETTINGS)
    assert status
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidSpec")
    assert "spec.image 'evil:1'" in status["message"]
