"""A link to evidence, at a real S3 service that knows nothing of who asks but its signature."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from idag.toolchain import tool
from implementation_dag.base import moments
from implementation_dag.base.wait import until
from implementation_dag.pull_requests.evidence import ACCESS_KEY, SECRET_KEY, Signed

KEY = "acme/shop/pr-7/shop-pr-7-1/index.json"


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    """What signs links to a bucket that has one file."""
    folder, data = tmp_path_factory.mktemp("key"), tmp_path_factory.mktemp("data")
    (folder / ACCESS_KEY).write_text("reader")
    (folder / SECRET_KEY).write_text("between-us")
    (data / "evidence" / KEY).parent.mkdir(parents=True)
    (data / "evidence" / KEY).write_text('{"result": "Succeeded"}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(tool("versitygw")), "--access", "reader", "--secret", "between-us", "--port", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "posix", str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Signed(f"http://127.0.0.1:{port}/evidence", "us-east-1", folder, 7)
    finally:
        server.terminate()
        server.wait()


def get(url: str) -> httpx2.Response | None:
    try:
        return httpx2.get(url, trust_env=False)
    except httpx2.TransportError:
        return None


def ago(**before: int) -> str:
    return moments.stamp(datetime.now(UTC) - timedelta(**before))


def test_a_link_leads_to_its_file_for_its_time_and_to_no_other(link: Signed) -> None:
    answer = until(lambda: get(link(KEY, ago(days=6))), 20, 0.1)
    assert answer and (answer.status_code, answer.text) == (200, '{"result": "Succeeded"}')
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for refused in (
        link(KEY, ago(days=8)),
        link(KEY, ago(days=6)).replace("pr-7", "pr-8"),
        link(KEY, ago(days=6)).replace("text%2Fplain", "text%2Fhtml"),
        link(KEY, ago(days=6)).partition("?")[0],
    ):
        found = get(refused)
        assert found and found.status_code == 403, refused
