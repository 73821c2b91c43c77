"""`python -m scripts.chart.overlays`: write what kustomize/ holds of each environment, from the overlays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from idag.command import ends_in_words
from idag.overlays import argocd
from idag.overlays.build import BuildError
from idag.overlays.rendered import chart_version, pinned_version, write
from scripts.chart.render.project import ENVIRONMENTS, ROOT


@ends_in_words("rendered")
def main(arguments: Sequence[str] | None = None) -> int:
    """Render every environment that runs the checkout's chart, and write what Argo CD has of each."""
    description = "Write kustomize/rendered of environments that run the checkout's chart, and kustomize/argocd."
    argparse.ArgumentParser(prog="python -m scripts.chart.overlays", description=description).parse_args(arguments)
    try:
        for name in ENVIRONMENTS:
            if (pinned := pinned_version(name, ROOT)) == (here := chart_version(ROOT)):
                write(name, ROOT)
                print(f"kustomize/rendered/{name} is fresh")
            else:
                print(f"kustomize/rendered/{name} stays: it runs chart {pinned}, this checkout has {here}")
        argocd.write(ROOT)
    except BuildError as error:
        print(f"rendered: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
