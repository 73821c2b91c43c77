"""One prepared cluster on which pull requests run through the pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minio import Minio
from rich.console import Console

from idag.progress import Progress
from scripts.lab.cluster.__main__ import main as cluster
from scripts.lab.errors import LabError
from scripts.lab.forge.driver import ADMIN
from scripts.lab.stand import backends, environment, evidence, previews, release, repository
from scripts.lab.stand.certificates import git_certificate
from scripts.lab.stand.ci import Ci
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, Environment
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.repository import OWNER, REPO


@dataclass(frozen=True)
class Session:
    """Everything a run needs; made by `prepared`."""

    environment: Environment
    host: GitHost
    store: Minio
    ci: Ci
    work: Path
    console: Console
    progress: Progress


@contextmanager
def prepared(where: Environment, console: Console, progress: Progress) -> Iterator[Session]:
    """Bring everything up (cluster, images, forge, S3, the chart, CI) and give the session.

    To be called within `alone`. Raises LabError, ToolError, LabError with what to do.
    """
    with ExitStack() as stack:
        images = environment.prepare(where, progress)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="idag-demo-")))
        certificate = git_certificate(where, folder)
        credentials = backends.ensure(where, images, certificate, progress)
        release.install(where, images, credentials, certificate, progress)
        bundle = folder / "bundle.crt"
        bundle.write_text(certificate.bundle)
        host = GitHost(*stack.enter_context(where.reach("git", 443)), credentials.tokens[ADMIN], bundle)
        store = evidence.client(stack.enter_context(where.reach("s3", backends.S3_PORT)), credentials)
        image = f"{where.registry}/{OWNER}/{REPO}"
        repository.create(host, image, where.ingress_class, folder / "shop")
        host.hook(OWNER, REPO, f"https://{release.receiver(where)}/webhook", credentials.webhook)
        ci = stack.enter_context(Ci(host, image, where.ca, folder / "ci", Progress("ci")))
        progress(f"repository {OWNER}/{REPO} is served, CI watches it")
        yield Session(where, host, store, ci, folder / "shop", console, progress)


def remove_everything(where: Environment, progress: Progress, cluster_too: bool = True) -> None:
    """Remove all that the demo made: the local cluster, or release, previews and namespaces of the user's.

    With `cluster_too` false the local cluster stays up, without anything of the demo in it. Raises LabError.
    """
    if where.local and cluster_too:
        cluster(["down"])
        return
    previews.remove_all(where)
    # DocsRuns wait for their controller's finalizer, if they have one: they go while it still runs.
    where.kubectl.run("delete", "workflows.argoproj.io", "--all", f"--namespace={RELEASE_NAMESPACE}", "--timeout=60s")
    release.uninstall(where)
    for name in (RELEASE_NAMESPACE, DEMO_NAMESPACE):
        if backends.made_by_demo(where, name):
            where.kubectl.run("delete", "namespace", name, "--timeout=180s")
    progress("release, previews and the demo's namespaces are removed")


def is_up(where: Environment) -> bool:
    """Whether the cluster's API server answers."""
    try:
        where.kubectl.run("get", "--raw=/readyz", "--request-timeout=3s")
    except LabError:
        return False
    return True
