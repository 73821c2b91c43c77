"""Inside the DocsRun of a deployment: helm upgrade --install, find the URLs, wait until they answer."""

from __future__ import annotations

import hashlib
import json
import os
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from lightkube import Client

from implementation_dag.base import kube
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import fail, say
from implementation_dag.contract import labels
from implementation_dag.contract.repository import RepositoryError
from implementation_dag.preview import discovery, reachability

from . import chart, command, dependencies, installation, lock, pods, preview, results, revision, steady


class DeployError(StepError):
    """The deployment failed for `reason` (CamelCase)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def main() -> int:
    """Deploy; leave outputs, urls.json, resources.yaml and helm-status.txt; 1 with reason and diagnosis on failure."""
    client, namespace, release = kube.client(), os.environ["NS"], os.environ["RELEASE"]
    manifest = ""
    try:
        wanted = installation.chosen(os.environ)
        check_holder(client, namespace)
        before = preview.scene(client, namespace)

        def own() -> revision.Own:
            return revision.own(preview.scene(client, namespace), before)

        install(client, namespace, release, wanted, own)
        found = urls(client, namespace)
        wait_until_healthy(found.urls, wanted.health_path)
        if lack := steady.wait(own, graces(), float(os.environ["HEALTH_TIMEOUT_SECONDS"]), asked=bool(found.urls)):
            raise DeployError("PodsCannotRun", lack)
        # A newer run of the same pull request may have taken the preview over meanwhile.
        check_holder(client, namespace)
    # Whatever it is, the run is to say why it ended.
    except Exception as error:
        reason, words = verdict(error)
        fail(f"{reason}: {words}")
        results.failure(reason, words)
        results.file("diagnosis.txt", diagnosis(client, namespace))
        return 1
    finally:
        results.file("helm-status.txt", command.capture("status", release, "--namespace", namespace))
        manifest = command.capture("get", "manifest", release, "--namespace", namespace)
        results.file("resources.yaml", manifest)
    document = {"hosts": found.hosts, "urls": found.urls, "ns": namespace, "release": release}
    results.file("urls.json", json.dumps(document, indent=2) + "\n")
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    names = {"release": release, "namespace": namespace}
    results.outputs({"urls": json.dumps(list(found.urls)), "manifest": digest, "repository": wanted.file} | names)
    return 0


def verdict(error: Exception) -> tuple[str, str]:
    """Return the reason (CamelCase) of a deployment that ended with `error`, and what is told of it."""
    if not isinstance(error, StepError):
        # What nobody thought of: the lines of code are for whoever mends it.
        traceback.print_exception(error)
        return "UnexpectedError", f"{type(error).__name__}: {error}"
    if isinstance(error, RepositoryError):
        return "InvalidRepositorySettings", str(error)
    return error.reason if isinstance(error, DeployError) else "InvalidChart", str(error)


def check_holder(client: Client, namespace: str) -> None:
    """Raise StepError when the preview is held by another run than this one, whose labels are LABELS."""
    holder, ours = preview.holder(client, namespace), json.loads(os.environ["LABELS"])[labels.WORKFLOW]
    if holder != ours:
        raise DeployError("PreviewTaken", f"preview {namespace} belongs to run {holder or '(none)'}, not to {ours}")


def graces() -> pods.Graces:
    """How long pods may lack what may still come, by the values."""
    return pods.Graces(float(os.environ["POD_GRACE_SECONDS"]), float(os.environ["UNSCHEDULABLE_GRACE_SECONDS"]))


def install(
    client: Client, namespace: str, release: str, wanted: installation.Installation, own: Callable[[], revision.Own]
) -> None:
    """Run helm with the spec's flags, ended early when what is `own` can never be ready. Raises StepError."""
    env = os.environ
    location = chart.locate(wanted.chart_path)
    if not location.startswith("oci://"):
        dependencies.fetch(Path(location))
    arguments = ["upgrade", "--install", release, location, "--namespace", namespace]
    for name in wanted.values_files:
        arguments += ["--values", str(chart.inside(name, "valuesFile"))]
    arguments += wanted.flags
    pairs = ",".join(f"{key}={value}" for key, value in json.loads(env["LABELS"]).items())
    # Server-side apply keeps an empty field as one that the chart names, and refuses lists that name a thing twice.
    arguments += ["--labels", pairs, "--server-side=false", "--wait", "--timeout", env["HELM_TIMEOUT"]]

    def trouble() -> str | None:
        try:
            return pods.trouble(own(), graces())
        except StepError as error:
            # Helm has its own patience with the API server; the next second looks again.
            say(str(error))
            return None

    fetches = location.startswith("oci://")
    code, words = command.run(arguments, trouble, outside=fetches)
    if code > 0 and lock.REFUSAL in words:
        lock.release(client, namespace, release)
        code, words = command.run(arguments, trouble, outside=fetches)
    if code < 0:
        raise DeployError("PodsCannotRun", words)
    if code:
        raise DeployError("HelmFailed", f"helm ended with exit code {code}: {words}{still_unready(own)}")


def still_unready(own: Callable[[], revision.Own]) -> str:
    """Say what helm waited for in vain, which its own words leave out; nothing when every pod is ready."""
    try:
        lacking = pods.unready(own())
    except StepError as error:
        lacking = str(error)
    return f"; {lacking}" if lacking else ""


def diagnosis(client: Client, namespace: str) -> str:
    """Return what a person needs to see, or why it cannot be seen: that must not take the verdict's place."""
    try:
        return preview.diagnosis(client, namespace)
    except StepError as error:
        return f"{error}\n"


def urls(client: Client, namespace: str) -> discovery.Discovery:
    """Return what the application exposes. Raises StepError when that is nothing and nothing is not allowed."""
    found = discovery.discover(*preview.endpoints(client, namespace))
    for note in found.notes:
        say(note)
    if not found.urls and os.environ["ALLOW_NO_ENDPOINT"] != "true":
        raise DeployError(
            "NothingExposed",
            "the application exposes no Ingress, HTTPRoute or LoadBalancer Service, so there is nothing to accept; "
            "expose one, or set the value deploy.allowNoEndpoint",
        )
    for url in found.urls:
        say(f"exposed: {url}")
    return found


def wait_until_healthy(found: Sequence[str], path: str) -> None:
    """Wait until each URL answers at `path`. Raises StepError that names those that did not, and why.

    NotReachable: nobody was there (name, network, certificate, ingress). AnsweredBadly: one of them did answer.
    """
    trusted = os.environ.get("SSL_CERT_FILE")
    start = time.monotonic()
    outcomes = reachability.wait_until_reachable(
        found,
        path,
        float(os.environ["HEALTH_TIMEOUT_SECONDS"]),
        reachability.trust_context(Path(trusted) if trusted else None),
        statuses=range(200, 400),
    )
    bad = [outcome for outcome in outcomes if outcome.failure]
    if bad:
        each = "; ".join(f"{outcome.url}: {outcome.failure}: {outcome.detail}" for outcome in bad)
        waited = f"after {time.monotonic() - start:.0f} s"
        if any(outcome.answered for outcome in bad):
            raise DeployError("AnsweredBadly", f"{waited} these did not answer as they should: {each}")
        raise DeployError("NotReachable", f"{waited} nobody could be reached at these: {each}")
    for outcome in outcomes:
        say(f"answers: {outcome.url}")
