"""The notes after an installation name commands that exist, for the release as it was named, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idag.render import Suite
from idag.render.notes import notes


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


def test_without_the_installation_test_it_is_said_how_to_have_it(shop: Suite) -> None:
    text = notes(shop, {"installationTest": {"enabled": False}})
    assert "set the value installationTest.enabled, upgrade, then: helm test shop -n ci --logs" in text
    assert "installationTest.enabled" not in notes(shop)


def test_people_without_a_checkout_have_all_that_is_named(shop: Suite) -> None:
    text = notes(shop) + notes(shop, {"installationTest": {"enabled": False}})
    assert "make " not in text
    assert "scripts" not in text


def test_previews_are_looked_for_by_their_own_release(shop: Suite) -> None:
    assert "kubectl get namespaces -l implementation-dag.dev/release=shop" in notes(shop)
