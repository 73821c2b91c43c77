"""One prepared cluster on which scenarios run one after the other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minio import Minio
from rich.console import Console

from scripts.cluster.__main__ import main as cluster
from scripts.demo import backends, environment, evidence, previews, release, repository, workflow
from scripts.demo.certificates import git_certificate
from scripts.demo.checks import Observed
from scripts.demo.ci import Ci
from scripts.demo.display import watching
from scripts.demo.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, Environment
from scripts.demo.errors import DemoError
from scripts.demo.git_host import GitHost
from scripts.demo.repository import OWNER, REPO
from scripts.demo.scenarios import Case, Scenario
from scripts.demo.summary import Outcome
from scripts.demo.workflow import Finished
from scripts.progress import Progress


@dataclass(frozen=True)
class Session:
    """Everything a scenario needs; made by `prepared`."""

    environment: Environment
    host: GitHost
    store: Minio
    ci: Ci
    work: Path
    console: Console
    progress: Progress

    def run(self, scenario: Scenario) -> Outcome:
        """Open the pull requests, submit the workflows, follow them to their end and look at what they left.

        Raises DemoError when the scenario could not be carried out at all.
        """
        self.progress(f"scenario {scenario.name}: {scenario.about}")
        self._clear(scenario.cases)
        for case in scenario.cases:
            if case.pull:
                commit = repository.open_pull_request(self.host, case.pull, self.work)
                self.progress(f"pull request {OWNER}/{REPO}#{case.pull.number} at {commit[:12]} ({case.pull.branch})")
        names = [workflow.submit(self.environment, case.arguments) for case in scenario.cases]
        self.progress(f"submitted {', '.join(names)}")
        with watching(self.console, self.progress) as show:
            found = workflow.follow(self.environment, names, show)
        runs = [
            self._look(case, workflow.finished(self.environment, found[name]))
            for case, name in zip(scenario.cases, names, strict=True)
        ]
        checks = [case.rules(seen) for case, seen in zip(scenario.cases, runs, strict=True)]
        return Outcome(scenario, runs, checks)

    def _clear(self, cases: Sequence[Case]) -> None:
        """Remove previews of an earlier run of the same pull requests."""
        for case in cases:
            if case.pull:
                previews.remove(self.environment, case.pull.number)

    def _look(self, case: Case, run: Finished) -> Observed:
        where = evidence.prefix(OWNER, REPO, case.arguments["pr"], run.name)
        kept = evidence.download(self.store, where)
        number = case.pull.number if case.pull else 0
        there = previews.namespace(self.environment, number) if case.pull else None
        images = previews.running_images(self.environment, number) if there else []
        text = run.outputs.get("preview_urls", "") if there else ""
        urls = json.loads(text) if text.startswith("[") else []
        return Observed(
            pull=case.pull,
            run=run,
            evidence=kept,
            urls=[previews.observe(self.environment, str(url)) for url in urls],
            namespace=there,
            images=images,
            revisions=[previews.image_revision(self.environment, image) for image in images],
            headers=release.response_headers(self.environment),
        )


@contextmanager
def prepared(where: Environment, console: Console, progress: Progress) -> Iterator[Session]:
    """Bring everything up (cluster, images, git server, S3, the chart, CI) and give the session.

    To be called within `alone`. Raises DemoError, ToolError, ImageError with what to do.
    """
    with ExitStack() as stack:
        images = environment.prepare(where, progress)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="idag-demo-")))
        certificate = git_certificate(where, folder)
        credentials = backends.ensure(where, images, certificate, progress)
        release.install(where, images, credentials, certificate, progress)
        bundle = folder / "bundle.crt"
        bundle.write_text(certificate.bundle)
        host = GitHost(*stack.enter_context(where.reach("git", 443)), credentials.git_token, bundle)
        store = evidence.client(stack.enter_context(where.reach("s3", backends.S3_PORT)), credentials)
        image = f"{where.registry}/{OWNER}/{REPO}"
        repository.create(host, image, where.ingress_class, folder / "shop")
        ci = stack.enter_context(Ci(host, image, where.ca, folder / "ci", Progress("ci")))
        progress(f"repository {OWNER}/{REPO} is served, CI watches it")
        yield Session(where, host, store, ci, folder / "shop", console, progress)


def remove_everything(where: Environment, progress: Progress, cluster_too: bool = True) -> None:
    """Remove all that the demo made: the local cluster, or release, previews and namespaces of the user's.

    With `cluster_too` false the local cluster stays up, without anything of the demo in it. Raises DemoError.
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
    except DemoError:
        return False
    return True
