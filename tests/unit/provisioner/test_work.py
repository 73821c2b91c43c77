"""The work of a node goes by the run's own arguments, and by nothing that its node says."""

from __future__ import annotations

from typing import Any

import pytest

from implementation_dag.base.errors import ArgumentError
from implementation_dag.contract.run import Run
from implementation_dag.provisioner import nodes, work
from implementation_dag.steps import cleanup, provision, set_params

from .api import Server, api
from .example import RELEASE, Object, node, parameters, told, workflow

GIVEN = {"NS": "impl-pr-7", "HOST": "shop-pr-7.preview.example.com"}
THIS = Run("acme", "shop", "7", "run-1", "u", "workflows", RELEASE)


def done(*found: Object, **changed: Any) -> dict[str, str]:
    """Do the work of a run's one node."""
    run = workflow(*found, **changed)
    (waiting,) = nodes.waiting(run, RELEASE)
    return work.do(api(Server(run)), told(), waiting)


def test_set_params_gets_the_checked_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_params, "parameters", lambda given, *_: given)
    found = done(node("set-params"))
    assert (found["owner"], found["imageTag"], found["domain"]) == ("acme", "pr-7", "preview.example.com")


def test_provision_makes_the_arguments_own_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def made(client: object, *given: object) -> str:
        seen.append(given)
        return "made"

    monkeypatch.setattr(provision, "provision", made)
    assert done(node("provision", inputs={"parameters": parameters(GIVEN)})) == {"outcome": "made"}
    this, _, _, name, host = seen[0]
    assert (this, name, host) == (THIS, "impl-pr-7", "shop-pr-7.preview.example.com")


@pytest.mark.parametrize("changed", [{"NS": "kube-system"}, {"HOST": "shop-pr-8.preview.example.com"}])
def test_a_node_that_asks_for_another_preview_is_refused(changed: dict[str, str]) -> None:
    key = next(iter(changed))
    with pytest.raises(ArgumentError, match=f"input {key} is '{changed[key]}', but the run's arguments give"):
        done(node("provision", inputs={"parameters": parameters(GIVEN | changed)}))


def test_a_node_without_inputs_is_refused() -> None:
    with pytest.raises(ArgumentError, match="input NS is ''"):
        done(node("provision"))


@pytest.mark.parametrize("step", ["set-params", "provision", "keep-preview"])
def test_bad_arguments_are_refused_before_anything(step: str) -> None:
    hostile = {"owner": "acme", "repo": "shop", "pr": "7/../8"}
    with pytest.raises(ArgumentError, match=r"parameter 'pr' is '7/\.\./8'"):
        done(node(step), arguments={"parameters": parameters(hostile)})


def test_of_a_run_that_was_refused_nothing_is_to_be_removed() -> None:
    hostile = {"owner": "acme", "repo": "shop", "pr": "x"}
    found = done(node("remove-preview"), arguments={"parameters": parameters(hostile)})
    assert found["outcome"].startswith("nothing was created: parameter 'pr' is 'x'")


def test_what_goes_and_what_stays_is_the_run_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "remove", lambda client, this, told, since: f"{this.pull_request} gone {since:%Y}")
    monkeypatch.setattr(cleanup, "keep", lambda client, this, told: f"{this.pull_request} stays")
    assert done(node("remove-preview")) == {"outcome": "acme/shop#7 gone 2026"}
    assert done(node("keep-preview")) == {"outcome": "acme/shop#7 stays"}
