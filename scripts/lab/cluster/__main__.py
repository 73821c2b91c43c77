"""`python -m scripts.lab.cluster up|down|status|load|enforce`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.toolchain import tool
from scripts.lab.cluster import argocd, bringup, images, policies, prerequisites, shutdown, status
from scripts.lab.cluster.lock import cluster_lock
from scripts.lab.cluster.settings import State


@ends_in_words("cluster", 1, "interrupted; run it again to go on")
def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0 good, 1 failed or, for `status`, not up)."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lab.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the cluster up, or repair it; nothing to do when it is up")
    up.add_argument("--argocd", action="store_true", help="with Argo CD in it")
    commands.add_parser("down", help="stop it and remove everything of it from this machine")
    commands.add_parser("status", help="what runs, is it ready, and how to use it")
    commands.add_parser("enforce", help="enforce NetworkPolicies from now on, until `down`")
    load = commands.add_parser("load", help="import OCI archives into the cluster's containerd")
    load.add_argument("archive", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    prerequisites.require_root_on_linux()
    return _run(options, State.from_environment(), Progress("cluster"))


def _run(options: argparse.Namespace, state: State, progress: Progress) -> int:
    if options.command == "status":
        return status.show(state)
    with cluster_lock(state, progress):
        if options.command == "up":
            bringup.up(state, progress)
            if options.argocd:
                argocd.up(state, progress)
        elif options.command == "down":
            shutdown.down(state, progress)
        elif options.command == "enforce":
            policies.enforce(state, tool, progress)
        else:
            for archive in options.archive:
                images.load(archive, state)
                progress(f"{archive.name} imported")
    return 0


if __name__ == "__main__":
    sys.exit(main())
