"""Step deploy: wait for the tested image, let a DocsRun install it with helm, keep the evidence."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

from implementation_dag.base import git, kube, outputs
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import fail, say
from implementation_dag.contract import arguments, names, repository, run, settings, stages
from implementation_dag.docsrun import client as docsrun_client
from implementation_dag.preview import discovery, registry

EVIDENCE = Path("/artifacts/deploy")
COMMIT = re.compile(r"[0-9a-f]{40}\Z")
SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def helm_environment(told: settings.OfDeploy, image: registry.Image, this: run.Run) -> dict[str, str]:
    """Return the DocsRun's environment: the spec's names, and what our helm step needs beside them."""
    env, deploy = os.environ, told.deploy
    filled = {
        "tag": env["IMAGE_TAG"],
        "digest": image.digest,
        "host": env["HOST"],
        "pr": this.pr,
        "commit": env["COMMIT"],
    }
    return {
        "NS": env["NS"],
        "RELEASE": env["RELEASE"],
        "CHART_PATH": env["CHART_PATH"],
        "VALUES_FILE": env["VALUES_FILE"],
        "IMAGE_TAG": env["IMAGE_TAG"],
        "PR": this.pr,
        "SET": json.dumps({key: repository.filled(text, filled) for key, text in deploy.set.items()}, sort_keys=True),
        "ANNOTATIONS": json.dumps(deploy.ingress.annotations, sort_keys=True),
        "ANNOTATIONS_KEY": deploy.ingress.annotations_key,
        "LABELS": json.dumps(this.labels, sort_keys=True),
        "HELM_TIMEOUT": deploy.helm_timeout,
        "POD_GRACE_SECONDS": str(deploy.pod_grace_seconds),
        "UNSCHEDULABLE_GRACE_SECONDS": str(deploy.unschedulable_grace_seconds),
        "HEALTH_PATH": deploy.health_path,
        "HEALTH_TIMEOUT_SECONDS": str(deploy.health_timeout_seconds),
        "ALLOW_NO_ENDPOINT": str(deploy.allow_no_endpoint).lower(),
        "REPOSITORY": json.dumps(
            {"repositories": settings.written(told.repositories), "names": filled}, sort_keys=True
        ),
    }


def main() -> int:
    """Deploy COMMIT's image into NS; 0 when its URLs answer. Raises StepError."""
    this, told, env = run.from_environment(), settings.load(settings.OfDeploy), os.environ
    same_commit(env["COMMIT"], env["QA_COMMIT"])
    arguments.validate(
        {"owner": this.owner, "repo": this.repo, "pr": this.pr, "commit": env["COMMIT"], "imageTag": env["IMAGE_TAG"]}
        | {"chartPath": env["CHART_PATH"], "valuesFile": env["VALUES_FILE"]}
    )
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    wanted = told.deploy.image
    name = wanted.repository.format(owner=this.owner.lower(), repo=this.repo.lower())
    image = registry.wait_for(name, env["IMAGE_TAG"], env["COMMIT"], wanted.require_revision, wanted.wait_seconds)
    spec = {
        "image": told.installation.image,
        "command": ["python3", "-m", "implementation_dag"],
        "args": ["helm-deploy"],
        # The kubelet reads $$ in a variable as $.
        "env": [
            {"name": key, "value": value.replace("$", "$$")}
            for key, value in helm_environment(told, image, this).items()
        ],
        "resources": told.deploy.resources,
        "timeout": told.deploy.timeout,
        "serviceAccountName": names.deployer(this.installation, env["NS"]),
        "targetNamespace": env["NS"],
        "source": source(told.git, this, env["COMMIT"]),
    }
    client = kube.client()
    status = docsrun_client.complete(
        client, docsrun_client.manifest(names.docsrun(this.workflow, "deploy"), this, spec)
    )
    files = docsrun_client.save_files(client, this.namespace, status, EVIDENCE)
    say(f"evidence: {', '.join(files) or 'none'}")
    digests = [image.digest, *image.platforms]
    result = {
        "phase": status["phase"],
        "reason": status.get("reason", ""),
        "message": status.get("message", ""),
        "image": f"{name}@{image.digest}",
        "digests": digests,
        "revision": image.revision,
        "commit": env["COMMIT"],
    }
    left = status.get("outputs", {})
    own: repository.Settings = {}
    if file := left.get("repository", ""):
        own = result["repository"] = said(file, told.repositories)
    if SHA256.match(left.get("manifest", "")):
        result["manifest"] = left["manifest"]
    (EVIDENCE / "image.json").write_text(json.dumps(result, indent=2) + "\n")
    if status["phase"] != "Succeeded":
        fail(f"{result['reason']}: {result['message']}")
        return 1
    found = exposed(left.get("urls", ""), told.deploy.allow_no_endpoint)
    # Acceptance goes by this file: in our words, not in those of the deployment.
    hosts = [url.partition("://")[2] for url in found]
    document = {"hosts": hosts, "urls": found, "ns": env["NS"], "release": env["RELEASE"]}
    (EVIDENCE / "urls.json").write_text(json.dumps(document, indent=2) + "\n")
    outputs.write(
        {"urls": json.dumps(found), "exposed": json.dumps(bool(found)), "image": name, "digests": " ".join(digests)}
        | {"repository": repository.for_acceptance(own)}
    )
    return 0


def exposed(urls: str, allow_none: bool) -> list[str]:
    """Return the deployment's URLs. Raises StepError when there is none and that is not allowed.

    Without one acceptance is left out, which is not for whoever ran the deployment to choose.
    """
    found = discovery.checked(urls)
    if not found and not allow_none:
        raise StepError("the deployment names no URL, which its own step should have refused")
    return found


def said(file: str, section: settings.Repositories) -> repository.Settings:
    """Return what the repository's own file says, which the DocsRun hands over in base64. Raises RepositoryError.

    It was checked where it was found, with the right of whoever ran there: what acceptance is told is checked here.
    """
    try:
        content = base64.b64decode(file, validate=True)
    except ValueError:
        raise repository.RepositoryError(
            f"the deployment's {repository.FILE} is {arguments.shown(file)}: must be in base64"
        ) from None
    return repository.parse(content, repository.bounds(section))


def same_commit(given: str, tested: str) -> None:
    """Raise StepError unless the commit that QA hands over is the one it was given, in full."""
    if not COMMIT.match(given):
        raise StepError(
            f"stage {stages.CLIPPY_FORMAT.task} handed over {arguments.shown(given)}: must be a commit of 40 hex digits"
        )
    if tested != given:
        raise StepError(
            f"stage {stages.QA_TESTING.task} was given commit {given} and hands over {arguments.shown(tested)}: "
            "QA only looks, and what it did not test is not deployed"
        )


def source(server: settings.Git, this: run.Run, commit: str) -> dict[str, str]:
    """Return the DocsRun's git source: the repository at exactly `commit`."""
    found = {"url": git.repository_url(server.base_url, this.owner, this.repo), "commit": commit}
    if server.credentials_secret:
        found["credentialsSecret"] = server.credentials_secret
    return found
