"""`helm template` and `helm lint` as functions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from idag.render.cache import Cache, content_key, default_cache, tool_key
from idag.render.errors import RenderError
from idag.render.manifests import ManifestError, Object
from idag.render.targets import NEWEST
from idag.toolchain import tool

__all__ = ["Object", "Output", "RenderError", "call", "lint", "run", "template"]


class Output(NamedTuple):
    """Objects in the tool's order, and what it warned of."""

    objects: list[Object]
    warnings: str


def run(
    chart: Path,
    values: Path | Sequence[Path] | None = None,
    *,
    helm: str = "helm",
    kube_version: str = NEWEST.kube_version,
    release: str = "implementation-dag",
    namespace: str = "workflows",
    api_versions: Sequence[str] = (),
    flags: Sequence[str] = (),
    cache: Cache | None = None,
    sample: int = 0,
) -> Output:
    """Run `helm template` with CRDs. The objects are shared: do not change them.

    `values` are values files, later ones win. `helm` is helm, helm3 or helm4. `flags` are further flags of helm that
    name no file. Without `cache` the one below the toolchain's root is used; `Cache(None)` keeps nothing on disk;
    another `sample` is run for itself, which shows what the chart makes up anew at each render.
    Raises RenderError.
    """
    files = [values] if isinstance(values, Path) else list(values or ())
    binary = tool(helm)
    fixed = [release, "--namespace", namespace, "--include-crds", "--kube-version", kube_version]
    fixed += [f"--api-versions={version}" for version in api_versions]
    fixed += flags
    command = [str(binary), "template", *fixed[:1], str(chart), *fixed[1:]]
    command += [part for path in files for part in ("--values", str(path))]

    def make() -> tuple[int, str, str]:
        done = call(command)
        return done.returncode, done.stdout, done.stderr

    # Helm's messages name the chart's folder only by its own name, so equal folders elsewhere share a result.
    inputs = [tool_key(binary), chart.name, content_key(chart), *map(content_key, files), str(sample), *fixed]
    try:
        code, objects, errors = (cache or default_cache()).run(inputs, make)
    except ManifestError as error:
        raise RenderError(str(error)) from error
    if code:
        raise RenderError(errors.strip())
    return Output(objects, errors.strip())


def template(chart: Path, values: Path | Sequence[Path] | None = None, **options: Any) -> list[Object]:
    """Return only the objects of `run`, whose arguments it takes."""
    return run(chart, values, **options).objects


def lint(chart: Path, values: Sequence[Path], *, helm: str, kube_version: str, cache: Cache | None = None) -> None:
    """Run `helm lint --strict`; arguments are as in `run`. Raises RenderError with what helm complains of."""
    binary = tool(helm)
    fixed = ["--strict", "--quiet", "--kube-version", kube_version]

    def make() -> str:
        files = [part for path in values for part in ("--values", str(path))]
        done = call([str(binary), "lint", *fixed, str(chart), *files])
        if done.returncode:
            raise RenderError(f"{done.stdout}{done.stderr}".strip())
        return "good"

    inputs = ["lint", tool_key(binary), chart.name, content_key(chart), *map(content_key, values), *fixed]
    (cache or default_cache()).remember(inputs, make)


def call(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run helm and keep what it prints."""
    # No cluster is asked; a kubeconfig would only bring warnings about its file mode.
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environment)
