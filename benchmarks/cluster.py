"""How long the local cluster takes: up from nothing, up when it is up, down.

`make bench-cluster` writes out/bench/cluster.json. It takes the cluster down first: nothing on it may be needed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from scripts.lab.cluster.__main__ import main as cluster

ROUNDS = 3
OUT = Path("out") / "bench" / "cluster.json"


def seconds(command: str) -> float:
    """Seconds of one command of scripts.lab.cluster. Raises RuntimeError when it fails."""
    start = time.monotonic()
    if code := cluster([command]):
        raise RuntimeError(f"`python -m scripts.lab.cluster {command}` ended with exit code {code}: see above")
    return time.monotonic() - start


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the cluster is down afterwards."""
    argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__).parse_args(arguments)
    seconds("down")
    rounds = [{"up": seconds("up"), "no_op": seconds("up"), "down": seconds("down")} for _ in range(ROUNDS)]
    medians = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    found = {"rounds": rounds, "median_seconds": medians, "no_op_to_up": round(medians["no_op"] / medians["up"], 4)}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")
    print("  ".join(f"{name} {value:.1f} s" for name, value in medians.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
