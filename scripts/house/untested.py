"""Modules of the runtime that no test names which needs no cluster."""

from __future__ import annotations

import ast

from .files import Files

RUNTIME, PACKAGE = "runtime/", "implementation_dag"
WITH_CLUSTER = ("tests/e2e/", "tests/cluster/")


def modules_without_clusterless_test(files: Files) -> list[str]:
    """Return the modules that no file below tests/ imports, those of the cluster's tests left out.

    To be imported by another module that is tested is not enough.
    """
    paths = files.below(RUNTIME, suffix=".py")
    modules = {path.removeprefix(RUNTIME).removesuffix(".py").replace("/", ".") for path in paths}
    tests = files.below("tests/", suffix=".py").items()
    named = {module for path, text in tests if not path.startswith(WITH_CLUSTER) for module in imported(text)}
    return sorted(module for module in modules - named if not module.endswith(("__init__", "__main__")))


def imported(text: str) -> set[str]:
    """Return the modules, and what may be one, that Python `text` imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith(PACKAGE)}
