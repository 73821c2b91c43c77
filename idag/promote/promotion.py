"""What was tested in one environment becomes a commit for another one."""

from __future__ import annotations

from pathlib import Path

from idag.overlays import rendered
from idag.promote import branch, demands, evidence, overlay
from idag.promote.errors import PromoteError
from idag.promote.overlay import Release


def promote(root: Path, source: str, target: str, place: str) -> tuple[str, str]:
    """Commit, on a new branch, that `target` runs what was tested in `source`; return branch and commit.

    Nothing is merged or pushed. Raises PromoteError, BuildError.
    """
    overlay.check_step(root, source, target)
    branch.check_clean(root)
    tested = overlay.read(root, source)
    _check_promotable(root, tested)
    index = evidence.read(place)
    demands.check_shape(index, place)
    evidence.check(index, tested)
    demands.check(index, demands.read(root, target))
    running = overlay.read(root, target)
    if (running.chart, running.digest) == (tested.chart, tested.digest):
        raise PromoteError(f"{target} runs chart {tested.chart} with {tested.digest} already: nothing to promote")
    name = f"promote/{source}-to-{target}-{tested.chart}-{tested.digest.removeprefix('sha256:')[:12]}"

    def change(tree: Path) -> None:
        overlay.write(tree, target, tested)
        rendered.write(target, tree)

    return name, branch.commit(root, name, evidence.message(index, tested, target), change)


def _check_promotable(root: Path, tested: Release) -> None:
    where = f"kustomize/overlays/{tested.environment}"
    if not tested.digest:
        raise PromoteError(
            f"{where}/values.yaml: image.digest is empty, and a tag does not say what was tested: let CI write there "
            f"the digest that it pushed, and test that (docs/releasing.md, Promote)"
        )
    here = rendered.chart_version(root)
    if tested.chart != here:
        raise PromoteError(
            f"{tested.environment} runs chart {tested.chart}, this checkout has {here}: promote from a commit that "
            f"has it, such as `git switch --detach $(git log -1 --format=%H -- {where}/chart/release.yaml)`"
        )
