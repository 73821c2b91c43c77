"""What `up` asks of the machine and what `down` looks for, without touching the machine."""

import json
import os
import platform
import shutil
from pathlib import Path

import pytest

from idag.progress import Progress
from scripts.lab.cluster import components, leftovers, network, prerequisites, teardown
from scripts.lab.cluster.settings import State, write_if_changed
from scripts.lab.errors import LabError


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def tool(name: str) -> Path:
    return Path("/tools") / name


@pytest.mark.parametrize("value", ["relative/path", "/", "/var"])
def test_a_dangerous_state_folder_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("IDAG_STATE", value)
    with pytest.raises(LabError, match=f"IDAG_STATE={value}: give an absolute path"):
        State.from_environment()


def test_the_state_folder_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDAG_STATE", raising=False)
    assert State.from_environment().root == Path("/var/lib/implementation-dag")


def test_another_system_and_another_user_get_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(LabError, match="needs Linux, this is Darwin: set KUBECONFIG") as caught:
        prerequisites.require_root_on_linux()
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"needs root.*sudo"):
        prerequisites.require_root_on_linux()


def test_missing_packages_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    present = {"runc", "nft", "conntrack", "catatonit", "buildah", "mmdebstrap", "ip", "openssl"}
    monkeypatch.setattr(shutil, "which", lambda name, mode=0: name if name in present else None)
    assert prerequisites.missing_packages() == ["containerd", "containernetworking-plugins"]
    with pytest.raises(LabError, match="missing on this machine: containerd containernetworking-plugins"):
        prerequisites.require_packages(Progress("test"))


def test_services_are_kept_from_starting_only_while_installing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(prerequisites, "POLICY", policy)
    with prerequisites._no_service_starts():
        assert policy.read_text().endswith("exit 101\n")
        assert os.access(policy, os.X_OK)
    assert not policy.exists()
    policy.write_text("of the user")
    with prerequisites._no_service_starts():
        assert policy.read_text() == "of the user"
    assert policy.read_text() == "of the user"


def test_a_file_is_written_only_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert write_if_changed(path, "1", 0o600) is True
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    assert write_if_changed(path, "1") is False
    assert path.stat().st_mtime_ns == before
    assert write_if_changed(path, "2") is True


def test_components_are_those_that_status_shows(state: State) -> None:
    commands = components.all_components(state, tool)
    assert {command.name for command in commands} == set(components.ADDRESSES)


def test_a_new_binary_restarts_only_its_component(state: State) -> None:
    before = {command.name: command.digest for command in components.all_components(state, tool)}
    after = components.all_components(state, lambda name: tool(name + ".new") if name == "etcd" else tool(name))
    assert [command.name for command in after if command.digest != before[command.name]] == ["etcd"]


def test_the_kubelet_never_collects_images_and_stays_in_our_folder(state: State) -> None:
    components.kubelet(state, tool)
    config = json.loads((state.config / "kubelet.json").read_text())
    assert config["imageGCHighThresholdPercent"] == 100
    assert config["cgroupRoot"] == "/idag"
    assert config["podLogsDir"].startswith(str(state.root))
    assert config["authentication"]["anonymous"] == {"enabled": False}


def test_pods_are_kept_on_the_machine(state: State) -> None:
    rules = network.firewall_rules()
    assert 'iifname "cni0" oifname != "cni0" counter drop' in rules
    assert "ip daddr != { 10.244.0.0/16, 10.96.0.0/16, 172.30.0.1 } counter drop" in rules
    (bridge,) = json.loads(network.cni_configuration(state))["plugins"]
    assert bridge["ipMasq"] is False


def test_only_our_pods_cni_results_are_removed(tmp_path: Path) -> None:
    for name in ("idag-aa-eth0", "cni-loopback-aa-lo", "cni-loopback-bb-lo", "other-bb-eth0"):
        (tmp_path / name).write_text("")
    assert {path.name for path in leftovers.cni_results(tmp_path)} == {"idag-aa-eth0", "cni-loopback-aa-lo"}


def test_only_links_into_the_state_folder_are_removed(state: State, tmp_path: Path) -> None:
    folder = tmp_path / "containers"
    folder.mkdir()
    (folder / "ours").symlink_to(state.root / "pod-logs" / "x")
    (folder / "theirs").symlink_to(tmp_path / "state-of-others")
    assert [path.name for path in leftovers.log_links(state, folder)] == ["ours"]
    assert leftovers.log_links(state, tmp_path / "none") == []


def test_shim_sockets_are_read_from_the_bundles(state: State) -> None:
    bundle = state.containerd / "run" / "io.containerd.runtime.v2.task" / "k8s.io"
    for name, address in (("a", "unix:///run/containerd/s/1"), ("b", "unix:///run/other/2")):
        (bundle / name).mkdir(parents=True)
        (bundle / name / "address").write_text(address)
    assert leftovers.shim_sockets(state) == [Path("/run/containerd/s/1")]


def test_mounts_are_found_by_whole_path_parts() -> None:
    assert Path("/proc") in teardown.mounts_below(Path("/proc"))
    assert teardown.mounts_below(Path("/pro")) == []
