"""The example application as a git repository, made once and copied for each test that changes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.lab.images.checkout import ROOT, git

Checkouts = Callable[[Path], Path]


@pytest.fixture(scope="session")
def make_checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkouts:
    """Function that puts a checkout of the shop, as the agents get it, into `folder`/src and returns that."""
    shop = tmp_path_factory.mktemp("shop") / "src"
    shutil.copytree(
        ROOT / "examples" / "app", shop, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", ".coverage")
    )
    git(shop, "init", "--quiet", "--template=")
    git(shop, "add", "--all")
    git(shop, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "Shop")
    return lambda folder: shutil.copytree(shop, folder / "src")
