"""`idag promote`: carry what was tested to another environment."""

from __future__ import annotations

from pathlib import Path

import click

from idag.cli.options import as_json, print_json
from idag.promote import PromoteError, branch
from idag.promote.promotion import promote as promoted


@click.command()
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="Where it was tested.")
@click.option("--to", "target", required=True, metavar="ENVIRONMENT", help="Where it is to run.")
@click.option(
    "--evidence", default="", metavar="INDEX", help="Index of the run that tested it: file or s3://bucket/key."
)
@as_json
def promote(source: str, target: str, evidence: str, output: str) -> int:
    """Commit, on a new branch of this checkout, that an environment runs what was tested in another one.

    The checkout is the one of the overlays (kustomize/overlays) that you stand in. Nothing is pushed or merged.
    """
    name, made = promoted(_root(), source, target, evidence)
    if output == "json":
        print_json({"branch": name, "commit": made})
    else:
        print(f"{made[:12]} on branch {name}: review it (`git show {name}`), push it, and open a pull request")
    return 0


def _root() -> Path:
    root = Path(branch.git(Path.cwd(), "rev-parse", "--show-toplevel").strip())
    if not (root / "kustomize" / "overlays").is_dir():
        raise PromoteError(f"{root} has no kustomize/overlays: stand in the checkout of your environments")
    return root
