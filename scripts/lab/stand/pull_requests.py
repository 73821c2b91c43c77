"""What the release makes of a pull request by itself: it starts a run, comments, and reviews as QA."""

from __future__ import annotations

from implementation_dag.base.wait import until
from scripts.lab.errors import LabError
from scripts.lab.stand.environment import RELEASE_NAMESPACE, Environment
from scripts.lab.stand.forge import QA, REPORTER
from scripts.lab.stand.git_host import GitHost, Shown
from scripts.lab.stand.previews import PREVIEWS
from scripts.lab.stand.repository import OWNER, REPO, PullRequest

START_SECONDS = 120.0
TELL_SECONDS = 60.0


def started(environment: Environment, pull: PullRequest) -> str:
    """Wait until the release has started a run for the pull request's head; return its name. Raises LabError."""

    def run() -> str:
        for item in environment.kubectl.items(PREVIEWS, f"--namespace={RELEASE_NAMESPACE}"):
            found = item.get("status", {}).get("run", {})
            if item["spec"]["number"] == pull.number and found.get("commit") == pull.head and found["kind"] == "test":
                return str(found["name"])
        return ""

    if name := until(run, START_SECONDS, 0.5):
        return name
    raise LabError(
        f"no run was started for {OWNER}/{REPO}#{pull.number} at {pull.head[:12]} within {START_SECONDS:.0f} s; look: "
        f"kubectl -n {RELEASE_NAMESPACE} describe previews, kubectl -n {RELEASE_NAMESPACE} logs "
        "deployment/implementation-dag-pull-requests"
    )


def told(host: GitHost, pull: PullRequest) -> Shown:
    """Wait until QA has reviewed the pull request; return what it and the reporter show there. Raises LabError."""

    def shown() -> Shown | None:
        found = host.shown(OWNER, REPO, pull.number)
        ours = Shown(
            [one for one in found.reviews if one["user"]["login"] == QA],
            [one for one in found.comments if one["user"]["login"] == REPORTER],
        )
        return ours if ours.reviews and ours.comments else None

    return until(shown, TELL_SECONDS) or Shown([], [])
