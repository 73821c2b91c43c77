"""The versions of what the pipeline stands on: supported.toml, and what is said of them."""

from __future__ import annotations

import tomllib
from importlib import resources

_READ = tomllib.loads(resources.files(__package__).joinpath("supported.toml").read_text("utf-8"))

# Minors of Kubernetes, the oldest first.
KUBERNETES: tuple[str, ...] = tuple(_READ["kubernetes"])
# Majors of Helm.
HELM: tuple[str, ...] = tuple(_READ["helm"])
# The least version of each major of Argo Workflows, the oldest first.
ARGO_WORKFLOWS: tuple[str, ...] = tuple(_READ["argo_workflows"])

KUBERNETES_IN_WORDS = f"{KUBERNETES[0]}+"
ARGO_IN_WORDS = " or ".join(f"{version}+" for version in ARGO_WORKFLOWS)


def numbers(version: str) -> tuple[int, ...]:
    """Return `1.31` as (1, 31), to compare by."""
    return tuple(map(int, version.split(".")))
