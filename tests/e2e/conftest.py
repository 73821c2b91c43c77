"""One prepared cluster for all scenarios; what the tests made is removed at the end.

KEEP=1 keeps everything. A local cluster that was up before stays up, without anything of the demo in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from idag.progress import Progress
from scripts.demo.__main__ import save_logs
from scripts.lab.cluster.__main__ import main as cluster
from scripts.lab.stand import environment
from scripts.lab.stand.alone import alone, lock_of
from scripts.lab.stand.session import Session, is_up, prepared, remove_everything

OUT = Path("out") / "e2e"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write JUnit results to out/e2e/junit.xml unless the command line names another file."""
    if not config.getoption("xmlpath"):
        config.option.xmlpath = str(OUT / "junit.xml")


@pytest.fixture(scope="session")
def out() -> Path:
    """Folder of summaries and logs."""
    return OUT


@pytest.fixture(scope="session", autouse=True)
def was_up() -> Iterator[bool]:
    """Whether the cluster was there before all tests: a local one that they brought up goes with the last of them."""
    where = environment.describe(os.environ)
    found = is_up(where)
    yield found
    if where.local and not found and os.environ.get("KEEP") != "1":
        with alone(lock_of(where.state)):
            cluster(["down"])


@pytest.fixture(scope="session")
def session(was_up: bool) -> Iterator[Session]:
    """Cluster, images, backends, release and CI, brought up once."""
    progress = Progress("e2e")
    where = environment.describe(os.environ)
    # Whoever else runs a demo here keeps what is his: nothing is prepared or removed without the lock.
    with alone(lock_of(where.state)):
        try:
            yield from _prepared(where, progress)
        finally:
            if os.environ.get("KEEP") != "1" and (was_up or not where.local):
                remove_everything(where, progress, cluster_too=False)


def _prepared(where: environment.Environment, progress: Progress) -> Iterator[Session]:
    try:
        with prepared(where, Console(highlight=False, width=140), progress) as session:
            yield session
    except Exception:
        save_logs(where, OUT / "preparation", progress)
        raise
