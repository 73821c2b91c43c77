"""The DocsRun controller on a real cluster: every end has its reason, and a restart makes no second Job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from implementation_dag.base import wait
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.session import Session

NAMESPACE = "workflows"
CONTROLLER = "deployment/implementation-dag-controller"
PYTHON = ["python3", "-c"]
# DocsRuns run as the deployer of the preview that they name; of this one there is only the service account.
TARGET = "impl-pr-799"
DEPLOYER = f"implementation-dag-deployer.{TARGET}"


@pytest.fixture
def kubectl(session: Session) -> Kubectl:
    return session.environment.kubectl


@pytest.fixture(scope="module", autouse=True)
def deployer(session: Session) -> Iterator[None]:
    kubectl = session.environment.kubectl
    metadata = {"name": DEPLOYER, "namespace": NAMESPACE}
    kubectl.apply([{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}])
    yield
    kubectl.run("delete", "serviceaccount", DEPLOYER, "--namespace", NAMESPACE)


@pytest.fixture
def image(kubectl: Kubectl) -> str:
    found = kubectl.get(CONTROLLER, "--namespace", NAMESPACE)
    assert found
    text: str = found["spec"]["template"]["spec"]["containers"][0]["image"]
    return text


def docsrun(name: str, image: str, /, **spec: Any) -> dict[str, Any]:
    base = {"image": image, "command": [*PYTHON, "print('done')"], "serviceAccountName": DEPLOYER}
    return {
        "apiVersion": "taskmaster.io/v1",
        "kind": "DocsRun",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": base | {"targetNamespace": TARGET} | spec,
    }


@contextmanager
def running(kubectl: Kubectl, manifest: dict[str, Any]) -> Iterator[str]:
    name = manifest["metadata"]["name"]
    kubectl.apply([manifest])
    try:
        yield name
    finally:
        kubectl.run("delete", "docsrun", name, "--namespace", NAMESPACE, "--ignore-not-found")


def status(kubectl: Kubectl, name: str) -> dict[str, Any]:
    found = kubectl.get("docsrun", name, "--namespace", NAMESPACE) or {}
    result: dict[str, Any] = found.get("status", {})
    return result


def final(kubectl: Kubectl, name: str, limit: float = 120) -> dict[str, Any]:
    for _ in wait.rounds(limit):
        found = status(kubectl, name)
        if found.get("phase") in ("Succeeded", "Failed"):
            return found
    raise AssertionError(f"DocsRun {name} did not end within {limit:.0f} s: {found}")


LEAVE_RESULTS = """
import json
open('/results/outputs.json', 'w').write(json.dumps({'urls': '[]'}))
open('/results/note.txt', 'w').write('kept')
"""
FAIL_WITH_WORDS = """
import json, sys
open('/results/failure.json', 'w').write(json.dumps({'reason': 'HelmFailed', 'message': 'the chart is broken'}))
sys.exit(1)
"""


def test_results_reach_status_and_configmap(kubectl: Kubectl, image: str) -> None:
    with running(kubectl, docsrun("e2e-results", image, command=[*PYTHON, LEAVE_RESULTS])) as name:
        found = final(kubectl, name)
        assert found["phase"] == "Succeeded"
        assert found["outputs"] == {"urls": "[]"}
        files = kubectl.get("configmap", found["resultsRef"]["name"], "--namespace", NAMESPACE)
        assert files
        assert files["binaryData"] == {"note.txt": "a2VwdA=="}


# Tags of the runtime's own repository are allowed, whether there are such or not.
NO_SUCH_TAG = ":none"
NO_NODE = {"requests": {"cpu": "900"}, "limits": {"cpu": "900"}}
ENDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "command": ({"command": [*PYTHON, "raise SystemExit(7)"]}, "CommandFailed", "exit code 7"),
    "words": ({"command": [*PYTHON, FAIL_WITH_WORDS]}, "HelmFailed", "the chart is broken"),
    "time": ({"command": [*PYTHON, "import time; time.sleep(300)"], "timeout": "10s"}, "DeadlineExceeded", "10 s"),
    "node": ({"resources": NO_NODE}, "Unschedulable", "Insufficient cpu"),
    "pull": ({"image": NO_SUCH_TAG}, "ImagePullFailed", NO_SUCH_TAG),
    "account": (
        {"serviceAccountName": "implementation-dag-deployer.impl-pr-798", "targetNamespace": "impl-pr-798"},
        "AccountMissing",
        "impl-pr-798",
    ),
    "source": (
        {"source": {"url": f"https://{GIT_HOST}/none/none.git", "commit": "0" * 40}},
        "FetchFailed",
        "git fetch failed",
    ),
}


@pytest.mark.parametrize("case", list(ENDS))
def test_each_end_has_its_reason(kubectl: Kubectl, image: str, case: str) -> None:
    spec, reason, words = ENDS[case]
    if spec.get("image") == NO_SUCH_TAG:
        host, _, path = image.partition("@")[0].rpartition("/")
        spec = spec | {"image": f"{host}/{path.partition(':')[0]}{NO_SUCH_TAG}"}
    with running(kubectl, docsrun(f"e2e-{case}", image, **spec)) as name:
        found = final(kubectl, name)
        assert (found["phase"], found["reason"]) == ("Failed", reason), found
        assert words in found["message"]
        assert found["startTime"] <= found["completionTime"]


def test_a_quota_that_refuses_is_named(kubectl: Kubectl, image: str) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "e2e-nothing-more", "namespace": NAMESPACE},
        "spec": {"hard": {"pods": "0"}},
    }
    kubectl.apply([quota])
    try:
        with running(kubectl, docsrun("e2e-quota", image)) as name:
            found = final(kubectl, name)
            assert found["reason"] == "QuotaExceeded", found
            assert "e2e-nothing-more" in found["message"]
    finally:
        kubectl.run("delete", "resourcequota", "e2e-nothing-more", "--namespace", NAMESPACE)


@pytest.mark.parametrize("moment", [0.0, 2.0, 6.0])
def test_a_restarted_controller_makes_no_second_job(kubectl: Kubectl, image: str, moment: float) -> None:
    slow = docsrun(f"e2e-restart-{moment:.0f}", image, command=[*PYTHON, "import time; time.sleep(8)"])
    with running(kubectl, slow) as name:
        time.sleep(moment)
        selector = "--selector=app.kubernetes.io/component=controller"
        kubectl.run("delete", "pods", "--namespace", NAMESPACE, selector, "--grace-period=0", "--force")
        assert final(kubectl, name)["phase"] == "Succeeded"
        pods = kubectl.items("pods", "--namespace", NAMESPACE, f"--selector=taskmaster.io/docsrun={name}")
        jobs = kubectl.items("jobs", "--namespace", NAMESPACE, f"--selector=taskmaster.io/docsrun={name}")
        assert (len(jobs), len(pods)) == (1, 1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"timeout": "3h"}, "timeout must be a duration from 10s to 2h"),
        ({"timeout": "soon"}, "timeout must be"),
        ({"command": []}, "spec.command"),
        ({"resources": {"limits": {"nvidia.com/gpu": "1"}}}, "only cpu, memory and ephemeral-storage"),
        ({"source": {"url": "https://x/../y", "commit": "0" * 40}}, "no '.' or '..' for a folder"),
        ({"source": {"url": "https://a@x/y", "commit": "0" * 40}}, "spec.source.url"),
        ({"image": "evil.example/image:1"}, "may not run image evil.example/image:1"),
        ({"serviceAccountName": "default"}, "must run as implementation-dag-deployer.impl-pr-799, not as default"),
        ({"image": "no-tag"}, "image must end in a tag or a sha256 digest"),
        ({"source": {"url": "file:///etc", "commit": "0" * 40}}, "spec.source.url"),
        ({"source": {"url": "https://x/y", "commit": "main"}}, "spec.source.commit"),
        ({"env": [{"name": "A-B", "value": "x"}]}, "spec.env[0].name"),
    ],
)
def test_a_bad_spec_is_refused_by_name(kubectl: Kubectl, image: str, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(LabError, match=words.replace("[", r"\[")):
        kubectl.create(docsrun("e2e-bad", image, **spec))


def test_a_spec_cannot_be_changed(kubectl: Kubectl, image: str) -> None:
    with running(kubectl, docsrun("e2e-fixed", image)), pytest.raises(LabError, match="cannot be changed"):
        kubectl.apply([docsrun("e2e-fixed", image, timeout="1m")])


def test_every_pod_is_hardened(kubectl: Kubectl, image: str) -> None:
    with running(kubectl, docsrun("e2e-hardened", image)) as name:
        final(kubectl, name)
        # The attacks run a pod of their own beside the pipeline's.
        found = kubectl.items("pods", "--namespace", NAMESPACE, "--selector=app!=isolation-fenced")
        found += kubectl.items("pods", "--namespace", "argo")
        assert found
        for pod in found:
            spec = pod["spec"]
            for container in [*spec.get("initContainers", []), *spec["containers"]]:
                where = f"{pod['metadata']['name']}/{container['name']}"
                security = spec.get("securityContext", {}) | container.get("securityContext", {})
                assert security["runAsNonRoot"], where
                assert security["readOnlyRootFilesystem"], where
                assert security["capabilities"]["drop"] == ["ALL"], where
                assert security["seccompProfile"]["type"] == "RuntimeDefault", where
                assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), where
                assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), where
