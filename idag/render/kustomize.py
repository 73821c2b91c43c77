"""`kubectl kustomize` of an overlay as a function."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from idag.render.cache import Cache, content_key, default_cache, tool_key
from idag.render.errors import RenderError
from idag.render.helm import Output
from idag.render.manifests import ManifestError
from idag.render.targets import NEWEST
from idag.toolchain import tool


def build(
    overlay: Path,
    *,
    sources: Sequence[Path],
    helm: str = "helm",
    kube_version: str = NEWEST.kube_version,
    cache: Cache | None = None,
    sample: int = 0,
) -> Output:
    """Run `kubectl kustomize --enable-helm` on the overlay. The objects are shared: do not change them.

    `sources` are all folders the overlay reads from: its own and its bases', and the chart; the cache goes by their
    content. `sample` is as in `helm.run`. Raises RenderError.
    """
    kubectl, binary = tool("kubectl-kustomize"), tool(helm)
    flags = ["--enable-helm", "--load-restrictor=LoadRestrictionsNone", f"--helm-kube-version={kube_version}"]
    command = [str(kubectl), "kustomize", *flags, f"--helm-command={binary}", str(overlay)]

    def make() -> tuple[int, str, str]:
        environment = {**os.environ, "KUBECONFIG": os.devnull}
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environment)
        return done.returncode, done.stdout, done.stderr

    inputs = [tool_key(kubectl), tool_key(binary), overlay.name, *map(content_key, [overlay, *sources])]
    inputs += [str(sample), *flags]
    try:
        code, objects, errors = (cache or default_cache()).run(inputs, make)
    except ManifestError as error:
        raise RenderError(f"{overlay.name}: {error}") from error
    if code:
        raise RenderError(errors.strip())
    return Output(objects, errors.strip())
