"""kustomize/rendered: what each overlay builds to, committed, for platforms that forbid helm in a build.

An environment's rendering is frozen while its overlay pins another version of the chart than the checkout holds:
so a change of the chart reaches it with its promotion, not before.
"""

from __future__ import annotations

from pathlib import Path

from idag.overlays.build import build, objects
from idag.overlays.environments import environment
from idag.yaml_reader import load, read_text

HEADER = "# Made by `make rendered` from overlays/{name}; do not edit.\n"
KUSTOMIZATION = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - manifests.yaml
"""


def chart_version(root: Path) -> str:
    """Return the version of the chart in the checkout."""
    path = root / "charts" / "implementation-dag" / "Chart.yaml"
    return str(load(read_text(path), str(path))["version"])


def pinned_version(name: str, root: Path) -> str:
    """Return the version of the chart that environment `name` runs."""
    return environment(name, root).chart


def render(name: str, root: Path) -> str:
    """Return the rendering of environment `name`. Raises BuildError."""
    return HEADER.format(name=name) + build(root / "kustomize" / "overlays" / name)


def write(name: str, root: Path) -> Path:
    """Render environment `name` into its folder, which is returned. Raises BuildError."""
    folder = root / "kustomize" / "rendered" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(KUSTOMIZATION, encoding="utf-8")
    (folder / "manifests.yaml").write_text(render(name, root), encoding="utf-8")
    return folder


def fault(name: str, root: Path) -> str | None:
    """Return in words why the rendering of `name` is not what it should be, None when it is. Raises BuildError."""
    place = f"kustomize/rendered/{name}"
    path = root / place / "manifests.yaml"
    if not path.is_file():
        return f"{place} is missing: run `make rendered`"
    if pinned_version(name, root) == chart_version(root):
        return None if read_text(path) == render(name, root) else f"{place} is stale: run `make rendered`"
    wanted = f"implementation-dag-{pinned_version(name, root)}"
    labels = (item["metadata"].get("labels", {}).get("helm.sh/chart") for item in objects(read_text(path)))
    found = sorted({label for label in labels if label} - {wanted})
    return f"{place} holds {', '.join(found)}, but its overlay pins {wanted}" if found else None
