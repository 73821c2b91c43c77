#!/usr/bin/env python3
"""QA tests: pytest with coverage. Ends with pytest's exit code.

Writes to $EVIDENCE_DIR: test-results.xml (JUnit), coverage.html (one file), performance.json (durations).
"""

import html
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

SLOWEST = 10
STYLE = "body{font-family:sans-serif}pre{margin:0}.missed{background:#fdd}td,th{padding:2px 12px;text-align:left}"


def run_tests(results: Path, coverage: Path) -> int:
    """Run pytest; JUnit results and coverage's JSON go to the given files. Returns pytest's exit code."""
    command = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v"),
        f"--junitxml={results}",
        *("--cov", "--cov-report=term", f"--cov-report=json:{coverage}"),
    ]
    environment = {**os.environ, "COVERAGE_FILE": str(coverage.with_name("coverage.data"))}
    return subprocess.run(command, env=environment, check=False).returncode


def performance(results: Path, wall_seconds: float) -> dict[str, Any]:
    """Durations in seconds of the tests of a JUnit file: total, wall time and the slowest ten."""
    # S314: the file was written by our own pytest a moment ago.
    cases = [
        (float(case.get("time", "0")), f"{case.get('classname')}::{case.get('name')}")
        for case in ElementTree.parse(results).iter("testcase")  # noqa: S314
    ]
    slowest = sorted(cases, key=lambda case: (-case[0], case[1]))[:SLOWEST]
    return {
        "tests": len(cases),
        "total_seconds": round(sum(seconds for seconds, _ in cases), 3),
        "wall_seconds": round(wall_seconds, 3),
        "slowest": [{"test": test, "seconds": seconds} for seconds, test in slowest],
    }


def coverage_page(report: dict[str, Any], root: Path) -> str:
    """One HTML page of coverage's JSON report: a table of files, and each source with missed lines marked."""
    rows, sources = [], []
    for name, data in sorted(report["files"].items()):
        missed = set(data["missing_lines"])
        percent = f"{data['summary']['percent_covered']:.1f} %"
        rows.append(f"<tr><td>{html.escape(name)}<td>{percent}<td>{len(missed)}")
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        shown = "".join(
            f'<pre class="{"missed" if number in missed else "hit"}">{number:4} {html.escape(line)}</pre>'
            for number, line in enumerate(lines, start=1)
        )
        sources.append(f"<details><summary>{html.escape(name)} ({percent})</summary>{shown}</details>")
    total = f"{report['totals']['percent_covered']:.1f} %"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Coverage {total}</title><style>{STYLE}</style>'
        f"<h1>Coverage {total}</h1><table><tr><th>file<th>covered<th>missed lines{''.join(rows)}</table>"
        f"{''.join(sources)}\n"
    )


def main() -> int:
    evidence = Path(os.environ.get("EVIDENCE_DIR", "/work/evidence"))
    evidence.mkdir(parents=True, exist_ok=True)
    results = evidence / "test-results.xml"
    with tempfile.TemporaryDirectory(prefix="qa-") as folder:
        coverage = Path(folder) / "coverage.json"
        started = time.monotonic()
        code = run_tests(results, coverage)
        figures = performance(results, time.monotonic() - started)
        page = coverage_page(json.loads(coverage.read_text(encoding="utf-8")), Path.cwd())
    (evidence / "performance.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    (evidence / "coverage.html").write_text(page, encoding="utf-8")
    print(f"qa: {figures['tests']} tests in {figures['wall_seconds']} s, exit code {code}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
