"""Every claim of docs/threat-model.md names what proves it, and that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from idag.render.manifests import load

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "threat-model.md"
CORPUS = ROOT / "tests" / "e2e" / "isolation" / "attacks.yaml"
CASES = {case["name"]: case for case in load(CORPUS.read_text())}
PREFIXES = ("argument-", "workflow-", "repository-", "chart-", "agent-", "application-", "pipeline-", "identity-")


def quoted() -> list[str]:
    return re.findall(r"`([^`\n]+)`", DOCUMENT.read_text())


def test_every_named_case_exists() -> None:
    named = {text for text in quoted() if text.startswith(PREFIXES)}
    assert len(named) > 40
    assert named <= CASES.keys()


def test_every_named_test_exists() -> None:
    named = [text for text in quoted() if text.startswith("tests/")]
    assert named
    for text in named:
        path, _, function = text.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not function or function in functions, text


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT.read_text()):
        assert (DOCUMENT.parent / target).is_file(), target


def test_every_boundary_s_claims_are_proven() -> None:
    text = DOCUMENT.read_text().split("## Where the boundaries are")[1].split("## What is not defended")[0]
    for paragraph in re.split(r"\n\n(?=\*\*)", text)[1:]:
        assert any(name in paragraph for name in (*CASES, "`tests/")), paragraph[:60]


def test_the_corpus_is_large_enough_and_every_layer_is_attacked() -> None:
    assert len(CASES) >= 60
    layers = {case["layer"] for case in CASES.values()}
    assert {"arguments", "checkout", "rbac", "admission", "quota", "network", "limits", "acceptance"} <= layers
