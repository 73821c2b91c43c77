"""Several architectures are published as one index of the archives that were built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from idag.toolchain.architecture import MACHINES, own_architecture
from scripts.lab.images import buildah, index
from scripts.lab.images.__main__ import main
from scripts.lab.images.build import build_all, push
from scripts.lab.images.image import ImageRef, image_at

Calls = list[list[str]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What buildah is told; the images themselves are built by name alone."""
    made: Calls = []

    def run(*arguments: str | Path) -> str:
        made.append([str(argument) for argument in arguments])
        for argument in made[-1]:
            if argument.startswith("--digestfile="):
                Path(argument.partition("=")[2]).write_text("sha256:index")
            if argument.startswith("oci-archive:") and "push" in made[-1]:
                Path(argument.split(":")[1]).write_text("index")
        return ""

    def build(name: str, base_image: str, architecture: str) -> ImageRef:
        image = image_at(name, architecture)
        image.archive.write_text(architecture)
        return image

    monkeypatch.setenv("IDAG_CACHE", str(tmp_path))
    monkeypatch.setattr(ImageRef, "digest", property(lambda image: f"sha256:{image.archive.read_text()}"))
    monkeypatch.setattr(buildah, "run", run)
    monkeypatch.setattr(buildah, "signature_policy", lambda: "--signature-policy=policy.json")
    monkeypatch.setattr(buildah, "load", lambda archive, reference: None)
    monkeypatch.setitem(build_all.__globals__, "build", build)
    return made


def steps(calls: Calls) -> list[list[str]]:
    """Sub-commands and operands, without options and names that differ from run to run."""
    shown = [[part for part in call if not part.startswith("--")] for call in calls]
    return [[Path(part).name if "oci-archive" in part else part.partition(":")[0] for part in call] for call in shown]


def test_one_architecture_is_an_image_and_several_are_an_index_too(calls: Calls) -> None:
    assert [image.key for image in build_all("runtime", "", ["arm64"])] == ["arm64"]
    assert [image.key for image in build_all("runtime")] == [own_architecture()]
    assert calls == []
    *images, listing = build_all("runtime", "", ["amd64", "arm64"])
    assert [image.key for image in images] == ["amd64", "arm64"]
    assert listing.archive.read_text() == "index"
    name = "localhost/idag/runtime-index"
    assert [call[:3] for call in steps(calls)] == [
        ["manifest", "create", name],
        ["manifest", "add", name],
        ["manifest", "add", name],
        ["manifest", "push", name],
        ["manifest", "rm", name],
    ]
    assert [call[3] for call in steps(calls)[1:3]] == ["runtime-amd64.tar", "runtime-arm64.tar"]
    calls.clear()
    assert build_all("runtime", "", ["amd64", "arm64"])[-1] == listing
    assert calls == []


def test_an_index_has_the_key_of_what_is_in_it(calls: Calls) -> None:
    both = build_all("runtime", "", ["amd64", "arm64"])
    assert index.build(both[:1]).key != both[-1].key
    both[0].archive.write_text("changed")
    assert index.build(both[:2]).key != both[-1].key


@pytest.mark.parametrize("failing", ["add", "push"])
def test_a_list_is_removed_and_nothing_half_is_kept(
    calls: Calls, failing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run: Callable[..., str] = buildah.run

    def fail(*arguments: str | Path) -> str:
        run(*arguments)
        if failing in arguments:
            raise InterruptedError
        return ""

    monkeypatch.setattr(buildah, "run", fail)
    with pytest.raises(InterruptedError):
        build_all("runtime", "", ["amd64", "arm64"])
    assert calls[-1][:2] == ["manifest", "rm"]
    assert {path.name for path in (tmp_path / "images").iterdir()} == {"runtime-amd64.tar", "runtime-arm64.tar"}


def test_what_is_pushed_is_the_index_with_its_images(calls: Calls) -> None:
    pushed = push("runtime", "registry.example.com/team", None, "", ["amd64", "arm64"])
    assert pushed.startswith("registry.example.com/team/implementation-dag/runtime:")
    assert pushed.endswith("@sha256:index")
    (last,) = (call for call in calls if f"docker://{pushed.partition('@')[0]}" in call)
    assert last[:3] == ["manifest", "push", "--all"]
    assert not [part for part in last if part.startswith("--digestfile")]
    calls.clear()
    assert push("runtime", "r", None, "", ["arm64"]) == "r/implementation-dag/runtime:arm64@sha256:index"
    assert [call[0] for call in calls] == ["push"]


def test_the_command_takes_each_architecture_once_and_names_the_known_ones(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    assert main(["build", "runtime", *(f"--arch={name}" for name in [*MACHINES, "arm64"][::-1])]) == 0
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["localhost/idag/runtime:amd64", "localhost/idag/runtime:arm64"]
    assert len(lines) == 3
    with pytest.raises(SystemExit):
        main(["build", "--arch=riscv64"])
    assert "choose from" in capsys.readouterr().err
