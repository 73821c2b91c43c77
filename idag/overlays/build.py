"""`kustomize build` as a function, with kubectl's kustomize or the standalone one."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from idag.render.cache import content_key, default_cache, tool_key
from idag.render.manifests import documents
from idag.render.manifests import objects as read
from idag.toolchain import tool
from implementation_dag.base.errors import CommandError

Object = dict[str, Any]
PROGRAMS = {"kubectl": ["kubectl", "kustomize"], "kustomize": ["kustomize", "build"]}


class BuildError(CommandError):
    """kustomize refused the folder; the text is its own."""


def build(folder: Path, *, program: str = "kubectl", apis: Sequence[str] = ()) -> str:
    """Return what `folder` builds to, as `program` (kubectl or kustomize) prints it. Raises BuildError.

    `apis` are API versions that helm is told the cluster serves, beside its own. The result comes from the render
    cache when the same program built the same content before.
    """
    binary, *command = PROGRAMS[program]
    # Helm 3: kustomize up to 5.7, which kubectl 1.35 carries, asks helm in a way that Helm 4 refuses.
    options = ["--enable-helm", "--helm-command", str(tool("helm3")), str(folder)]
    versions = [f"--helm-api-versions={api}" for api in apis]

    def make() -> str:
        done = subprocess.run(
            [str(tool(binary)), *command, *options, *versions], capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise BuildError(f"{folder}: {done.stderr.strip()}")
        return done.stdout

    # A kustomization reads from its own tree and from the charts, nothing else of the checkout.
    root = next(parent for parent in folder.parents if (parent / "charts").is_dir())
    tools = [tool_key(tool(binary)), tool_key(tool("helm3"))]
    sources = [content_key(root / "kustomize"), content_key(root / "charts")]
    return str(default_cache().remember([*tools, str(folder.relative_to(root)), *sources, *versions], make))


def objects(text: str) -> list[Object]:
    """Return the objects of a build. Raises ManifestError."""
    return [item for document in documents(text) for item in read(document)]
