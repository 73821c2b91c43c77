"""A user's copy of this repository: its charts and kustomize, pointed at the local cluster, with changes as commits."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idag.overlays import rendered
from idag.yaml_file import Values, set_values
from scripts.chart.render.project import ROOT
from scripts.lab.argocd.git import REPO
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.repository import OWNER

FOLDERS = ("charts", "kustomize")


@dataclass(frozen=True)
class WorkingCopy:
    """A clone in `folder` that pushes its branch main to `host`."""

    folder: Path
    host: GitHost

    @property
    def kustomize(self) -> Path:
        """Its kustomize folder."""
        return self.folder / "kustomize"

    def create(self, source: Mapping[str, str]) -> None:
        """Fill the folder from this checkout; `source` replaces values of kustomize/argocd/source/source.yaml."""
        self.folder.mkdir(parents=True)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.folder / name)
        set_values(self.kustomize / "argocd" / "source" / "source.yaml", {("data", key): source[key] for key in source})
        self._git("init", "--quiet", "--initial-branch=main")

    def set_environment(self, name: str, values: Values) -> None:
        """Set Helm values of an environment's overlay, and render it anew."""
        set_values(self.kustomize / "overlays" / name / "values.yaml", values)
        rendered.write(name, self.folder)

    def commit(self, message: str) -> str:
        """Commit everything, push it and return the commit. Raises LabError."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._push()

    def revert(self, commits: Sequence[str]) -> str:
        """Take commits back, the newest first, push and return the last commit. Raises LabError."""
        for commit in commits:
            self._git("revert", "--no-edit", commit)
        return self._push()

    def _push(self) -> str:
        self._git("push", "--quiet", self.host.url(OWNER, REPO), "HEAD:refs/heads/main")
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        return self.host.git(*arguments, cwd=self.folder)
