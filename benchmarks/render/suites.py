"""The assertions as test suites of helm-unittest."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.render.assertions import Assertion, steps
from idag.render import NEWEST, Suite
from idag.render.manifests import documents, load
from idag.toolchain import tool

Places = dict[str, tuple[str, int]]


def places(suite: Suite, case: str) -> Places:
    """Where helm-unittest finds each object of the case: template, and number of the document in it."""
    command = [str(tool("helm4")), "template", suite.release, str(suite.chart), "--namespace", suite.namespace]
    command += ["--kube-version", NEWEST.kube_version, "--no-hooks"]
    command += [part for path in suite.case(case).values for part in ("--values", str(path))]
    found: Places = {}
    for template in sorted((suite.chart / "templates").rglob("*.yaml")):
        name = str(template.relative_to(suite.chart))
        done = subprocess.run([*command, "--show-only", name], capture_output=True, text=True, check=False)
        parts = [load(part) for part in documents(done.stdout)] if done.returncode == 0 else []
        for number, item in enumerate(part for part in parts if part):
            metadata = item["metadata"]
            parts_of_address = (item["kind"], metadata.get("namespace"), metadata["name"])
            found["/".join(part for part in parts_of_address if part)] = name, number
    return found


def write(suite: Suite, assertions: Sequence[Assertion], minors: Iterable[str], folder: Path, *, grouped: bool) -> int:
    """Write a suite for each case, template and Kubernetes minor, and return how many tests they hold.

    Each suite names its one template, so that helm-unittest renders nothing else. With `grouped` all assertions of a
    suite are one test, for which it renders once; else each is a test with a name of its own.
    """
    by_place: dict[tuple[str, str], list[tuple[Assertion, int]]] = defaultdict(list)
    for case in dict.fromkeys(assertion.case for assertion in assertions):
        where = places(suite, case)
        for assertion in assertions:
            if assertion.case == case:
                template, number = where[assertion.object]
                by_place[case, template].append((assertion, number))
    tests = 0
    folder.mkdir(parents=True)
    for minor in minors:
        for number, ((case, template), entries) in enumerate(by_place.items()):
            written = _tests(entries, grouped=grouped)
            tests += len(written)
            content = {
                "suite": f"{case}, {template}, Kubernetes {minor}",
                "templates": [template.removeprefix("templates/")],
                "values": [str(path) for path in suite.case(case).values],
                "release": {"name": suite.release, "namespace": suite.namespace},
                "capabilities": dict(zip(("majorVersion", "minorVersion"), map(int, minor.split(".")), strict=True)),
                "tests": written,
            }
            path = folder / f"{minor}_{number:03}_test.yaml"
            path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return tests


def _tests(entries: Sequence[tuple[Assertion, int]], *, grouped: bool) -> list[dict[str, Any]]:
    if grouped:
        return [{"it": "renders what is asserted", "asserts": [_assert(*entry) for entry in entries]}]
    return [{"it": entry[0].name, "asserts": [_assert(*entry)]} for entry in entries]


def _assert(assertion: Assertion, number: int) -> dict[str, Any]:
    path = "".join(map(_step, steps(assertion.path))).removeprefix(".")
    match assertion.check:
        case "equals":
            content = {"equal": {"path": path, "value": assertion.wanted}}
        case "matches":
            content = {"matchRegex": {"path": path, "pattern": assertion.wanted}}
        case "contains":
            content = {"contains": {"path": path, "content": assertion.wanted}}
        case "length":
            content = {"lengthEqual": {"path": path, "count": assertion.wanted}}
        case _:
            content = {"exists" if assertion.wanted else "notExists": {"path": path}}
    return {"documentIndex": number, **content}


def _step(step: Any) -> str:
    if step["index"]:
        return f"[{step['index']}]"
    if step["by"]:
        return f'[?(@.{step["by"]} == "{step["is"]}")]'
    return f".{step['key']}" if step["key"] else f'["{step["quoted"]}"]'
