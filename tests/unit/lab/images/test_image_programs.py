"""An image with a program for another architecture is not made."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idag.toolchain.architecture import MACHINES
from scripts.lab.errors import LabError
from scripts.lab.images import programs

NAMES = st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){0,2}", fullmatch=True)
Mode = Literal["w", "w:gz"]
LITTLE, BIG = 1, 2
S390X = 22


def elf(number: int, order: int = LITTLE) -> bytes:
    """The head of an ELF file for a machine."""
    machine = number.to_bytes(2, "little" if order == LITTLE else "big")
    return b"\x7fELF\x02" + bytes([order, 1]) + bytes(9) + b"\x02\x00" + machine + bytes(44)


def tarred(files: Mapping[str, bytes], mode: Mode) -> bytes:
    """A tar of the files, and of a link to each."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
            link = tarfile.TarInfo(f"{name}.link")
            link.type, link.linkname = tarfile.SYMTYPE, name
            tar.addfile(link)
    return buffer.getvalue()


def image(path: Path, architecture: str, layers: list[Mapping[str, bytes]], mode: Mode = "w:gz") -> Path:
    """An oci-archive of one image."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return f"sha256:{digest}"

    config = {"digest": blob(json.dumps({"architecture": architecture}).encode())}
    manifest = {"config": config, "layers": [{"digest": blob(tarred(files, mode))} for files in layers]}
    index = {"manifests": [{"digest": blob(json.dumps(manifest).encode())}]}
    path.write_bytes(tarred({**blobs, "index.json": json.dumps(index).encode()}, "w"))
    return path


@given(
    st.sampled_from(sorted(MACHINES)),
    st.lists(st.dictionaries(NAMES, st.sampled_from([*programs.NUMBERS.values(), S390X, None])), max_size=3),
    st.sampled_from(["w", "w:gz"]),
)
def test_exactly_the_programs_of_other_machines_are_found(
    tmp_path_factory: pytest.TempPathFactory, architecture: str, layers: list[dict[str, int | None]], mode: Mode
) -> None:
    contents = [
        {name: b"#!/bin/sh" if number is None else elf(number, BIG if number == S390X else LITTLE) for name, number in
         layer.items()}
        for layer in layers
    ]  # fmt: skip
    archive = image(tmp_path_factory.mktemp("image") / "a.tar", architecture, list(contents), mode)
    own = programs.NUMBERS[architecture]
    expected = [
        f"/{name} (machine {number})" for layer in layers for name, number in layer.items() if number not in (own, None)
    ]
    assert programs.foreign(archive, architecture) == expected


def test_what_is_too_short_for_a_program_is_none(tmp_path: Path) -> None:
    short = {"empty": b"", "magic": b"\x7fELF", "cut": elf(S390X)[:19]}
    assert programs.foreign(image(tmp_path / "a.tar", "amd64", [short]), "amd64") == []


def test_the_image_says_the_architecture_that_its_programs_have(tmp_path: Path) -> None:
    archive = image(tmp_path / "a.tar", "amd64", [{"bin/helm": elf(programs.NUMBERS["arm64"])}])
    assert programs.foreign(archive, "arm64") == ["its configuration says amd64"]


def test_a_refusal_names_the_first_of_many(tmp_path: Path) -> None:
    archive = image(tmp_path / "a.tar", "arm64", [{f"bin/{number}": elf(62) for number in range(7)}])
    with pytest.raises(LabError, match=r"a\.tar: not for arm64: /bin/0 \(machine 62\), .*/bin/4 .*, and 2 more$"):
        programs.require(archive, "arm64")
    programs.require(image(tmp_path / "b.tar", "arm64", [{"bin/helm": elf(183)}]), "arm64")
