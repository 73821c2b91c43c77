"""The notes after an installation name commands that exist, for the release as it was named, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.chart.render import Suite
from scripts.chart.render.notes import notes


@pytest.fixture
def shop(suite: Suite) -> Suite:
    return replace(suite, release="shop", namespace="ci")


def test_the_next_three_commands(shop: Suite) -> None:
    text = notes(shop)
    commands = [
        "helm test shop -n ci --logs",
        "argo submit -n ci --from workflowtemplate/shop",
        "argo watch -n ci @latest",
    ]
    places = [text.find(command) for command in commands]
    assert -1 not in places, text
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({"evidence": {"s3": {"bucket": "evidence"}}}, "No evidence.s3.bucket is set"),
        ({"git": {"credentialsSecret": "token"}}, "No git.credentialsSecret is set"),
    ],
)
def test_what_is_not_configured_is_said(values: dict[str, object], hint: str, shop: Suite) -> None:
    assert hint in notes(shop)
    assert hint not in notes(shop, values)


def test_without_the_installation_test_the_doctor_is_named(shop: Suite) -> None:
    text = notes(shop, {"installationTest": {"enabled": False}})
    assert "make doctor" in text
    assert "helm test shop" not in text
