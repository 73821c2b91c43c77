"""The local CA: every certificate verifies, names what it must, and keys are for root only."""

import stat
import subprocess
from dataclasses import replace

import pytest
import yaml

from idag.overlays.environments import environments
from scripts.chart.render.project import ROOT
from scripts.lab.cluster import pki
from scripts.lab.cluster.settings import State


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    state = State(tmp_path_factory.mktemp("cluster") / "state")
    assert pki.ensure(state) is True
    return state


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


def test_a_second_run_makes_nothing(state: State) -> None:
    before = {path: path.read_bytes() for path in state.pki.iterdir()}
    assert pki.ensure(state) is False
    assert {path: path.read_bytes() for path in state.pki.iterdir()} == before


@pytest.mark.parametrize("certificate", pki.certificates(), ids=lambda certificate: certificate.name)
def test_every_certificate_verifies_for_its_use(state: State, certificate: pki.Certificate) -> None:
    purpose = "sslserver" if "serverAuth" in certificate.usage else "sslclient"
    path = state.pki / f"{certificate.name}.crt"
    openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(state.pki / "ca.crt"), str(path))
    shown = openssl("x509", "-in", str(path), "-noout", "-ext", "subjectAltName") if certificate.alternatives else ""
    for alternative in certificate.alternatives:
        assert alternative.split(":", 1)[1] in shown


def test_previews_of_every_environment_are_served() -> None:
    (preview,) = [one for one in pki.certificates() if one.name == "preview"]
    assert {f"DNS:*.{one.domain}" for one in environments(ROOT)} == set(preview.alternatives)


def test_keys_are_for_root_only(state: State) -> None:
    keys = [*state.pki.glob("*.key"), state.admin_kubeconfig, *state.config.glob("*.kubeconfig")]
    assert len(keys) > len(pki.certificates())
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_an_interrupted_signing_is_made_up_for(state: State) -> None:
    (state.pki / "git.crt").unlink()
    assert pki.ensure(state) is True
    assert (state.pki / "git.crt").is_file()


def test_a_certificate_that_shall_name_more_is_signed_anew(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {path: path.read_bytes() for path in state.pki.glob("*.crt") if path.name != "preview.crt"}
    more = tuple(
        replace(item, alternatives=(*item.alternatives, "DNS:new.example.com")) if item.name == "preview" else item
        for item in pki.certificates()
    )
    monkeypatch.setattr(pki, "certificates", lambda: more)
    assert pki.ensure(state) is True
    assert "new.example.com" in openssl(
        "x509", "-in", str(state.pki / "preview.crt"), "-noout", "-ext", "subjectAltName"
    )
    assert {path: path.read_bytes() for path in others} == others
    assert pki.ensure(state) is False


def test_the_admin_kubeconfig_carries_its_certificates(state: State) -> None:
    document = yaml.safe_load(state.admin_kubeconfig.read_text())
    assert document["current-context"] == "implementation-dag"
    assert document["clusters"][0]["cluster"]["server"] == "https://172.30.0.1:6443"
    assert set(document["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
