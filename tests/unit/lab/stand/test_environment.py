"""Which cluster the demo uses, and that it asks before it uses the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from scripts.lab.errors import LabError, NotStarted
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import environment
from scripts.lab.stand.environment import Environment


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IDAG_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_without_kubeconfig_it_is_the_local_cluster(state: Path) -> None:
    found = environment.describe({})
    assert found.local
    assert found.kubectl.kubeconfig == state / "admin.kubeconfig"
    assert found.ca == state / "pki" / "ca.crt"


def test_the_local_clusters_own_kubeconfig_is_not_a_users_cluster(state: Path) -> None:
    assert environment.describe({"KUBECONFIG": str(state / "admin.kubeconfig")}).local


def test_a_users_cluster_needs_a_registry() -> None:
    with pytest.raises(LabError, match="IMAGE_REGISTRY is not set"):
        environment.describe({"KUBECONFIG": "/home/me/config"})


def test_a_users_cluster_takes_its_settings() -> None:
    env = {"KUBECONFIG": "/home/me/config", "IMAGE_REGISTRY": "r.example.com/team", "DOMAIN": "p.example.org"}
    found = environment.describe({**env, "INGRESS_CLASS": "nginx", "CA_FILE": "/ca.crt"})
    assert (found.local, found.registry, found.domain) == (False, "r.example.com/team", "p.example.org")
    assert (found.ingress_class, found.ca, found.ingress_address) == ("nginx", Path("/ca.crt"), "")


@dataclass(frozen=True)
class Context:
    """Stands in for kubectl: knows the current context only."""

    def run(self, *arguments: str) -> str:
        assert arguments == ("config", "current-context")
        return "production\n"


@pytest.fixture
def users() -> Environment:
    env = {"KUBECONFIG": "/home/me/config", "IMAGE_REGISTRY": "r.example.com"}
    found = environment.describe(env)
    return Environment(**{**found.__dict__, "kubectl": cast(Kubectl, Context())})


@pytest.mark.parametrize("answer", ["", "n", "production"])
def test_any_answer_but_yes_stops_it(users: Environment, answer: str) -> None:
    with pytest.raises(NotStarted, match="'production' was not confirmed"):
        environment.confirm(users, {}, lambda _: answer)


def test_without_a_terminal_it_stops_and_names_the_variable(users: Environment) -> None:
    with pytest.raises(NotStarted, match="set YES=1"):
        environment.confirm(users, {"YES": "0"}, None)


def test_it_names_the_context_and_goes_on_when_told(users: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    environment.confirm(users, {"YES": "1"}, None)
    environment.confirm(users, {}, lambda _: "y")
    assert "using context 'production'" in capsys.readouterr().out
