"""Acceptance judges the preview of its own run: before the test, and still after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from implementation_dag.acceptance import belonging
from implementation_dag.base.errors import StepError
from implementation_dag.preview import preview_look
from implementation_dag.preview.preview_look import Look, Running

TESTED, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def seen(holder: str = "run-1", digest: str = TESTED) -> Look:
    return Look("2026-01-01T12:00:00Z", holder, (Running("p", "app", "r/shop:1", f"r/shop@{digest}", digest),))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """What is seen, one look after the other; waiting takes no time."""
    for name, value in (("WORKFLOW", "run-1"), ("IMAGE", "r/shop"), ("DIGESTS", TESTED)):
        monkeypatch.setenv(name, value)
    given: list[Look] = []
    monkeypatch.setattr(belonging.kube, "client", lambda: None)
    monkeypatch.setattr(preview_look, "look", lambda *_: given.pop(0))
    monkeypatch.setattr(preview_look, "POLL_SECONDS", 0)
    return given


def test_the_test_s_own_result_counts_and_both_looks_are_kept(looks: list[Look], tmp_path: Path) -> None:
    looks += [seen(), seen()]
    assert belonging.tested("impl-pr-7", tmp_path, lambda: 2) == 2
    assert set(json.loads((tmp_path / "preview.json").read_text())) == {"before", "after"}


def test_another_run_s_preview_is_not_tested(looks: list[Look], tmp_path: Path) -> None:
    looks += [seen("run-2")]
    with pytest.raises(StepError, match="the preview belongs to the run run-2, not to this one"):
        belonging.tested("impl-pr-7", tmp_path, lambda: pytest.fail("it was tested"))


def test_pods_of_an_earlier_deployment_are_given_time_to_go(looks: list[Look], tmp_path: Path) -> None:
    looks += [seen(digest=OTHER), seen(), seen()]
    assert belonging.tested("impl-pr-7", tmp_path, lambda: 0) == 0


@pytest.mark.parametrize("last", [seen("run-2"), seen(digest=OTHER), seen("")])
def test_a_preview_that_changed_hands_or_images_meanwhile_proves_nothing(
    looks: list[Look], tmp_path: Path, last: Look
) -> None:
    looks += [seen(), last]
    with pytest.raises(StepError, match=r"^after the test "):
        belonging.tested("impl-pr-7", tmp_path, lambda: 0)
    assert json.loads((tmp_path / "preview.json").read_text())["after"]["holder"] == last.holder
