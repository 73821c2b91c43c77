"""A stand-in for the user's own CI: builds and pushes the application's image of each pushed commit."""

from __future__ import annotations

import re
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from idag.progress import Progress
from scripts.lab import images
from scripts.lab.errors import LabError
from scripts.lab.images import base, buildah
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.repository import OWNER, REPO

POLL_SECONDS = 1.0
PULL_HEAD = re.compile(r"refs/pull/(\d+)/head")
REVISION_LABEL = "org.opencontainers.image.revision"


@dataclass
class Ci:
    """A thread that watches the heads of all pull requests. `repository` is the image's, without a tag.

    `seconds` maps built commits to how long build and push took; `failures` maps commits to why not.
    """

    host: GitHost
    repository: str
    ca: Path | None
    folder: Path
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Ci:
        """Start watching; the base image is made ready first. Raises LabError."""
        self._base = base.build().local
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host.git("init", "--quiet", cwd=self.folder)
        self._thread = threading.Thread(target=self._watch, name="ci", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=60)

    def _watch(self) -> None:
        seen: dict[str, str] = {}
        silent = False
        while not self._stop.wait(POLL_SECONDS):
            try:
                heads = self.host.references(OWNER, REPO, "refs/pull/*/head", self.folder)
                silent = False
            except LabError as error:
                if not silent:
                    self.progress(f"the repository cannot be read, trying on: {error}")
                silent = True
                continue
            for name, commit in heads.items():
                match = PULL_HEAD.fullmatch(name)
                if match and seen.get(name) != commit:
                    seen[name] = commit
                    self._run(int(match.group(1)), commit)

    def _run(self, number: int, commit: str) -> None:
        start = time.monotonic()
        try:
            self.build(number, commit)
        except (LabError, OSError) as error:
            self.failures[commit] = str(error)
            self.progress(f"pull request {number}, commit {commit[:12]}: build failed: {error}")
            return
        self.seconds[commit] = time.monotonic() - start
        self.progress(f"pull request {number}, commit {commit[:12]}: pushed in {self.seconds[commit]:.1f} s")

    def build(self, number: int, commit: str) -> str:
        """Build the commit's Containerfile and push `<repository>:pr-<number>`; returns the digest.

        Raises LabError, LabError.
        """
        context = self.folder / "context"
        shutil.rmtree(context, ignore_errors=True)
        context.mkdir()
        self.host.git("fetch", "--quiet", "--depth=1", self.host.url(OWNER, REPO), commit, cwd=self.folder)
        self.host.git(f"--work-tree={context}", "checkout", "--quiet", "--force", commit, "--", ".", cwd=self.folder)
        local = f"localhost/idag/{REPO}:{commit[:12]}"
        buildah.run(
            "build", "--quiet", "--isolation=chroot", "--format=oci", "--pull-never", buildah.signature_policy(),
            f"--timestamp={buildah.EPOCH}", f"--build-arg=BASE_IMAGE={self._base}", f"--build-arg=COMMIT={commit}",
            f"--label={REVISION_LABEL}={commit}", f"--file={context / 'Containerfile'}", f"--tag={local}", context,
        )  # fmt: skip
        return images.push_local(local, f"{self.repository}:pr-{number}", self.ca)
