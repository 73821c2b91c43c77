"""The assertions by plain `helm template`, once for each assertion and target: what a shell script does."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.render.assertions import read
from benchmarks.render.suites import places
from idag.command import ends_in_words
from idag.render import TARGETS, Target
from idag.render.manifests import documents, load
from idag.toolchain import tool
from scripts.chart.render.project import SUITE


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run helm for each assertion; print the faults and how many runs there were."""
    argparse.ArgumentParser(prog="python -m benchmarks.render.plain", description=__doc__).parse_args(arguments)
    assertions = read()
    where = {case: places(SUITE, case) for case in {assertion.case for assertion in assertions}}
    faults = []
    for target in TARGETS:
        for assertion in assertions:
            template, number = where[assertion.case][assertion.object]
            item = load(_documents(assertion.case, template, target)[number])
            if fault := assertion.fault(item):
                faults.append(f"{target}: {fault}")
    print(*faults, f"{len(assertions) * len(TARGETS)} runs of helm, {len(faults)} faults", sep="\n")
    return 1 if faults else 0


def _documents(case: str, template: str, target: Target) -> list[str]:
    command = [str(tool(target.helm)), "template", SUITE.release, str(SUITE.chart), "--namespace", SUITE.namespace]
    command += ["--kube-version", target.kube_version, "--show-only", template]
    command += [part for path in SUITE.case(case).values for part in ("--values", str(path))]
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [part for part in documents(done.stdout) if load(part)]


if __name__ == "__main__":
    sys.exit(main())
