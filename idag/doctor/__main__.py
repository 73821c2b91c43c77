"""`python -m idag.doctor`: one line a check; exit code 1 when something keeps the pipeline from working."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from idag.command import ends_in_words
from idag.toolchain import ToolError, ToolMissing
from implementation_dag.check.finding import report

from .checks import CHECKS
from .cluster import NoCluster, kubeconfig, read


@ends_in_words("doctor", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Check the cluster of KUBECONFIG."""
    parser = argparse.ArgumentParser(prog="python -m idag.doctor", description=__doc__)
    parser.add_argument("--namespace", default="workflows", help="namespace of the release")
    parser.add_argument("--release", default="implementation-dag", help="name of the release")
    parser.add_argument(
        "--ingress", default="", help="address of the ingress, where this machine cannot look its names up"
    )
    options = parser.parse_args(arguments)
    try:
        print(f"checking the cluster of {kubeconfig()}")
        cluster = read(options.namespace, options.release, options.ingress)
    except (NoCluster, ToolError, ToolMissing) as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 1
    return 1 if report(finding for check in CHECKS for finding in check(cluster)) else 0


if __name__ == "__main__":
    sys.exit(main())
