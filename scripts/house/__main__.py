"""`python -m scripts.house [GENERATED...]`: counts, prints, writes out/house.json."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from idag.command import ends_in_words

from .cost import KINDS, cost
from .files import Files
from .limits import limits_spelled_twice
from .untested import modules_without_clusterless_test

ROOT = Path(__file__).parents[2]
OUT = ROOT / "out" / "house.json"


def layers_broken() -> list[str]:
    """Return the contracts of import-linter that do not hold."""
    program = Path(sys.executable).with_name("lint-imports")
    env = os.environ | {"PYTHONPATH": ".:runtime"}
    told = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    broken = [line.removesuffix(" BROKEN") for line in told.stdout.splitlines() if line.endswith(" BROKEN")]
    return broken or (["import-linter did not run: " + (told.stderr or told.stdout)[-500:]] if told.returncode else [])


@ends_in_words("house")
def main(arguments: Sequence[str] | None = None) -> int:
    """Count what is in the repository, but for what is generated."""
    parser = argparse.ArgumentParser(prog="python -m scripts.house", description=__doc__.partition(":")[2])
    parser.add_argument("generated", nargs="*", help="files and folders that nobody edits")
    files = Files(ROOT, parser.parse_args(arguments).generated)
    costs = {kind.name: cost(kind, files) for kind in KINDS}
    found: dict[str, Any] = {
        "change_cost": {name: list(one.files) for name, one in costs.items()},
        "change_cost_in_tests": {name: list(one.tests) for name, one in costs.items()},
        "change_cost_example": {name: one.example for name, one in costs.items()},
        "layers_broken": layers_broken(),
        "modules_without_clusterless_test": modules_without_clusterless_test(files),
        "limits_spelled_twice": limits_spelled_twice(files),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")
    for name, one in costs.items():
        print(f"{name:<12} {len(one.files):>2} files of at most {one.most}, {len(one.tests)} tests (as {one.example})")
        for path in one.files:
            print(f"             {path}")
    for name in ("layers_broken", "modules_without_clusterless_test", "limits_spelled_twice"):
        print(f"{name}: {len(found[name])}")
        for item in found[name]:
            print(f"             {item}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
