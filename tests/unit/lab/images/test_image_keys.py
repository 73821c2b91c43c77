"""The content key changes with content, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.lab.images.keys import content_key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "package"
    made.mkdir()
    (made / "a.py").write_text("A = 1\n")
    return made


def test_same_content_gives_the_same_key_whatever_the_times_and_caches(folder: Path) -> None:
    before = content_key({"base": "x"}, [folder])
    os.utime(folder / "a.py", (1, 1))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"x")
    assert content_key({"base": "x"}, [folder]) == before


def test_content_name_mode_and_texts_each_change_the_key(folder: Path) -> None:
    keys = [content_key({"base": "x"}, [folder])]
    (folder / "a.py").write_text("A = 2\n")
    keys.append(content_key({"base": "x"}, [folder]))
    (folder / "a.py").chmod(0o755)
    keys.append(content_key({"base": "x"}, [folder]))
    (folder / "a.py").rename(folder / "b.py")
    keys.append(content_key({"base": "x"}, [folder]))
    keys.append(content_key({"base": "y"}, [folder]))
    assert len(set(keys)) == 5
