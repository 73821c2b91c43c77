"""Names of a pull request's preview: namespace, Helm release, host and evidence prefix.

Rules: Kubernetes names are DNS labels of at most 63 characters, Helm release names have at most 53
(https://helm.sh/docs/chart_best_practices/conventions/).
"""

from __future__ import annotations

import hashlib
import re

NAMESPACE_LIMIT = 63
RELEASE_LIMIT = 53
HASH_LENGTH = 8
# Of a Preview object: with these and nine digits it has 50 characters, and the names of its runs have room.
PULL_REQUEST_HASH_LENGTH = 16
PULL_REQUEST_REPO_LENGTH = 20
# What may stand in a key of the bucket. Wider than contract/parameters.py: exit handlers run for refused arguments too.
OWNER_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
REPO_KEY = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
# Where evidence of runs lies whose arguments are none: no owner is called so.
REFUSED = "_refused"
COMMIT = re.compile(r"[0-9a-f]{40}\Z")
PR_KEY = re.compile(r"[0-9]{1,9}\Z")


def _fit(wanted: str, identity: str, limit: int, suffix: str) -> str:
    """Return `wanted` + `suffix` as a DNS label that begins with a letter, as names of Services must.

    Whatever had to change is told apart by a hash of `identity`.
    """
    safe = re.sub(r"[^a-z0-9-]", "-", wanted.lower()).strip("-")
    safe = safe if safe[:1].isalpha() else f"r{safe}"
    name = safe + suffix
    if safe == wanted.lower() and len(name) <= limit:
        return name
    digest = hashlib.sha256(identity.encode()).hexdigest()[:HASH_LENGTH]
    room = limit - len(suffix) - HASH_LENGTH - 1
    return f"{safe[:room].strip('-')}-{digest}{suffix}"


def namespace(owner: str, repo: str, pr: str, scope: str, prefix: str = "impl") -> str:
    """Return the preview's namespace: ``<prefix>-pr-<pr>``, or with scope "repo" ``<prefix>-<repo>-<hash>-pr-<pr>``.

    With scope "repo" the hash is always there: two owners may have a repository of the same name.
    """
    if scope == "cluster":
        return f"{prefix}-pr-{pr}"
    digest = hashlib.sha256(f"{owner}/{repo}".lower().encode()).hexdigest()[:HASH_LENGTH]
    suffix = f"-{digest}-pr-{pr}"
    safe = re.sub(r"[^a-z0-9-]", "-", repo.lower()).strip("-")
    room = NAMESPACE_LIMIT - len(prefix) - 1 - len(suffix)
    return f"{prefix}-{safe[:room].strip('-')}{suffix}"


def release(repo: str, pr: str) -> str:
    """Return the Helm release name ``<repo>-pr-<pr>``, at most 53 characters, which charts name their Services by.

    Names of repositories ignore case, as at every forge. The chart's preview.release template gives the same.
    """
    return _fit(repo, repo.lower(), RELEASE_LIMIT, f"-pr-{pr}")


def host(release_name: str, namespace_name: str, domain: str, scope: str) -> str:
    """Return the preview's host below `domain`: the release's name, or with scope "repo" the namespace's.

    Of two owners' repositories of the same name the releases are alike, the namespaces are not.
    """
    return f"{release_name if scope == 'cluster' else namespace_name}.{domain}"


def deployer(installation: str, namespace_name: str) -> str:
    """Return the name of the service account that deploys into that namespace and into no other."""
    return f"{installation}-deployer.{namespace_name}"


def docsrun(workflow: str, purpose: str) -> str:
    """Return the name of a run's DocsRun, which its Job and a label of its pod bear too: ``<workflow>-<purpose>``."""
    return _fit(workflow, workflow, NAMESPACE_LIMIT, f"-{purpose}")


def pull_request(owner: str, repo: str, number: int) -> str:
    """Return the name of a pull request's Preview object, ``<repo>-<hash>-pr-<number>``, at most 50 characters.

    Owners and repositories ignore case, as at every forge. The hash is longer than elsewhere: a stranger who found
    another repository of the same name here would write into that one's wishes.
    """
    digest = hashlib.sha256(f"{owner}/{repo}".lower().encode()).hexdigest()[:PULL_REQUEST_HASH_LENGTH]
    safe = re.sub(r"[^a-z0-9-]", "-", repo.lower()).strip("-")
    safe = safe if safe[:1].isalpha() else f"r{safe}"
    return f"{safe[:PULL_REQUEST_REPO_LENGTH].strip('-')}-{digest}-pr-{number}"


def run(pull_request: str, number: int) -> str:
    """Return the name of a pull request's Workflow: of two that start the run of one number, one is refused."""
    return f"{pull_request}-{number}"


def pull_request_of(run: str) -> str:
    """Return the name of the Preview that started a run of that name; empty: none did."""
    found = re.fullmatch(r"([a-z][a-z0-9-]*-[0-9a-f]{16}-pr-[1-9][0-9]{0,8})-[1-9][0-9]*", run)
    return found[1] if found else ""


def supersedes(run: str, other: str) -> bool:
    """Say whether two runs are of one pull request's Preview, and `run` is the later one: they never live at once."""
    (of, _, number), (of_other, _, earlier) = run.rpartition("-"), other.rpartition("-")
    return bool(of) and of == of_other and number.isdecimal() and earlier.isdecimal() and int(earlier) < int(number)


def label_value(text: str) -> str:
    """Return `text` as a label value: at most 63 of [A-Za-z0-9._-], alphanumeric at both ends."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-")


def evidence_prefix(owner: str, repo: str, pr: str, workflow: str, namespace: str) -> str:
    """Return the key prefix of a run's evidence; the chart's evidencePrefix template gives the same.

    Names stand as they are, so that no two give one prefix; what cannot be a name lies below ``_refused``, which no
    owner is called.
    """
    folder = f"{REFUSED}/{namespace}" if refused(owner, repo, pr) else f"{owner}/{repo}/pr-{pr}"
    return f"{folder}/{workflow}"


def refused(owner: str, repo: str, pr: str) -> bool:
    """Say whether these cannot be a pull request's name in a key."""
    return not (OWNER_KEY.match(owner) and REPO_KEY.match(repo) and repo not in (".", "..") and PR_KEY.match(pr))
