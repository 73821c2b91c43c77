"""Step set-params: check the arguments, resolve the commit once, compute every name of the run."""

from __future__ import annotations

from collections.abc import Mapping

from implementation_dag.acceptance.settings import check_requests
from implementation_dag.base import git, pull_request
from implementation_dag.base.log import say
from implementation_dag.contract import arguments, branch, names, settings


def host(given: Mapping[str, str], naming: settings.Namespace) -> tuple[str, str]:
    """Return the namespace of a run's preview, and the host at which it answers."""
    owner, repo, pr = given["owner"], given["repo"], given["pr"]
    namespace = names.namespace(owner, repo, pr, naming.scope, naming.prefix)
    return namespace, names.host(names.release(repo, pr), namespace, given["domain"], naming.scope)


def parameters(given: Mapping[str, str], told: settings.OfProvisioner, workflow: str, namespace: str) -> dict[str, str]:
    """Return every name of the run `workflow`, whose arguments are checked. Raises AcceptanceError, GitError."""
    # What the last stage would refuse is refused before the others have run.
    check_requests(int(given["requests_per_host"]), told.acceptance)
    owner, repo, pr = given["owner"], given["repo"], given["pr"]
    url = git.repository_url(told.git.base_url, owner, repo)
    head = pull_request.resolve(url, pr, given["commit"], given["branch"])
    # The pull request's author chose the name of its branch.
    arguments.validate({"owner": owner, "repo": repo, "pr": pr, "branch": head.branch})
    evidence = names.evidence_prefix(owner, repo, pr, workflow, namespace)
    preview, address = host(given, told.namespace)
    found = {
        "NS": preview,
        "RELEASE": names.release(repo, pr),
        "DOMAIN": given["domain"],
        "IMAGE_TAG": given["imageTag"],
        "HOST": address,
        "COMMIT": head.commit,
        "BRANCH": branch.encoded(head.branch),
        "ACCEPTANCE_REPORT": f"{evidence}/acceptance/report.json",
        "ACCEPTANCE_LOGS": f"{evidence}/acceptance/logs.txt",
    }
    for name, value in found.items():
        say(f"{name}={value}")
    return found
