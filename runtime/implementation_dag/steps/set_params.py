"""Step set-params: check the arguments, resolve the commit once, compute every name of the run."""

from __future__ import annotations

import os

from implementation_dag.acceptance.settings import check_requests
from implementation_dag.base import git, outputs, pull_request
from implementation_dag.base.log import know, say
from implementation_dag.contract import arguments, branch, names, settings


def main() -> int:
    """Write every name of the run as output parameters. Raises ArgumentError, AcceptanceError, GitError."""
    given = arguments.from_environment(os.environ)
    told = settings.load(settings.OfSetParams)
    # What the last stage would refuse is refused before the others have run.
    check_requests(int(given["requests_per_host"]), told.acceptance)
    owner, repo, pr = given["owner"], given["repo"], given["pr"]
    know(repo=f"{owner}/{repo}", pr=pr)
    url = git.repository_url(told.git.base_url, owner, repo)
    head = pull_request.resolve(url, pr, given["commit"], given["branch"])
    # The pull request's author chose the name of its branch.
    arguments.validate({"owner": owner, "repo": repo, "pr": pr, "branch": head.branch})
    release = names.release(repo, pr)
    namespace = names.namespace(owner, repo, pr, told.namespace.scope, told.namespace.prefix)
    evidence = names.evidence_prefix(owner, repo, pr, os.environ["WORKFLOW"], os.environ["NAMESPACE"])
    parameters = {
        "NS": namespace,
        "RELEASE": release,
        "DOMAIN": given["domain"],
        "IMAGE_TAG": given["imageTag"],
        "HOST": names.host(release, namespace, given["domain"], told.namespace.scope),
        "COMMIT": head.commit,
        "BRANCH": branch.encoded(head.branch),
        "ACCEPTANCE_REPORT": f"{evidence}/acceptance/report.json",
        "ACCEPTANCE_LOGS": f"{evidence}/acceptance/logs.txt",
    }
    outputs.write(parameters)
    for name, value in parameters.items():
        say(f"{name}={value}")
    return 0
