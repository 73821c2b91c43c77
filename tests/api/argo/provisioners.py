"""Provisioners as processes, with the chart's settings and rights, on repositories of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from idag.render.manifests import Object
from scripts.lab import ports
from tests.api.previews import RELEASE
from tests.api.release import RUNTIME, environment

ROOT = Path(__file__).parents[3]
IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


@dataclass
class Provisioners:
    """Starts them; all write into one log."""

    kubeconfig: Path
    told: dict[str, str]
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, dies_at: int = 0, holds: str = "") -> subprocess.Popen[bytes]:
        """Start one."""
        env = {"PATH": os.environ["PATH"], "KUBECONFIG": str(self.kubeconfig), "PYTHONPATH": f"{RUNTIME}:{ROOT}"}
        env |= self.told | {"PORT": str(ports.free()), "DIES_AT": str(dies_at), "HOLDS": holds}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.api.argo.killed"]
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def kill(self) -> None:
        """Kill all of them."""
        for process in self.running:
            process.kill()
            process.wait()
        self.running.clear()

    def said(self, words: str) -> int:
        """How often the log has these words."""
        return self.log.read_text().count(words)


def told(objects: list[Object], repositories: Path) -> dict[str, str]:
    """What the chart tells the provisioner, but that repositories are here."""
    found = environment(objects, name=f"{RELEASE}-provisioner")
    settings = yaml.safe_load(found["SETTINGS"].replace("$$", "$"))
    settings["git"]["baseUrl"] = f"file://{repositories}"
    return found | {"SETTINGS": yaml.safe_dump(settings), "OBJECTS": found["OBJECTS"].replace("$$", "$")}


def repository(folder: Path, *pulls: int) -> None:
    """Make the repository acme/shop with these pull requests, each from a branch of its own."""
    place = folder / "acme" / "shop.git"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", place], check=True)
    for pull in pulls:
        commit = ["git", *IDENTITY, "commit", "--quiet", "--allow-empty", f"--message={pull}"]
        subprocess.run(commit, cwd=place, check=True)
        for name in (f"refs/pull/{pull}/head", f"refs/heads/change-{pull}"):
            subprocess.run(["git", "update-ref", name, "HEAD"], cwd=place, check=True)
