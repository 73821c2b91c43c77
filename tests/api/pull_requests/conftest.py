"""Controller and receiver as processes, between a real API server and a real forge; Argo's part is played here."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lightkube import Client, KubeConfig

from implementation_dag.base import kube, wait
from implementation_dag.pull_requests import objects
from scripts.lab.forge.process import Forge, running
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.forge import IDENTITIES, QA, READER, REPORTER
from tests.api import allowed, release
from tests.api.previews import NAMESPACE, RELEASE

from . import account
from .argo import Argo
from .place import OWNER, Place
from .process import Process, told
from .wire import between

SECRET = secrets.token_hex(16)


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """A forge that may send webhooks to this machine."""
    with running() as found:
        found.admin.organization(OWNER)
        yield found


@pytest.fixture(scope="session", autouse=True)
def named(forge: Forge, record_testsuite_property: Callable[[str, object], None]) -> None:
    """Note which forge it was."""
    record_testsuite_property("forge", f"gitea {forge.admin.call('GET', '/version')['version']}")


@pytest.fixture(scope="session")
def client(kubectl: Kubectl, previews: None) -> Client:
    """The API server with the release in it, as an administrator."""
    assert kubectl.kubeconfig
    found = Client(config=KubeConfig.from_file(str(kubectl.kubeconfig)))
    assert wait.until(lambda: release.serves(found, objects.Resource, kube.Workflow), 30, 0.3)
    return found


@pytest.fixture
def argo(client: Client) -> Iterator[Argo]:
    """Argo's part; `hold` keeps runs of the pipeline from ending."""
    found = Argo(client)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    yield found
    found.stop()
    thread.join()


@pytest.fixture
def processes(
    kubectl: Kubectl, client: Client, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Process]]:
    """Start processes of ours, each with the rights that the chart gives it, and end them all."""
    made: list[Process] = []

    def start(command: str, env: dict[str, str], ready: bool = True, module: str = "implementation_dag") -> Process:
        identity = release.identity(kubectl, command, tmp_path_factory.mktemp("identity"))
        common = {"NAMESPACE": NAMESPACE, "RELEASE": RELEASE, "KUBECONFIG": str(identity)}
        found = Process(command, common | env, tmp_path / f"{command}-{len(made)}.log", module)
        made.append(found)
        found.start(ready)
        return found

    yield start
    for each in made:
        each.kill()


@pytest.fixture
def place(
    forge: Forge,
    client: Client,
    argo: Argo,
    processes: Callable[..., Process],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Place]:
    """A repository of the test's own; the poll is off unless the test turns it on."""
    # Of one test there may be several cases.
    repo = re.sub("[^a-z0-9_]+", "-", request.node.name.removeprefix("test_").lower())[-60:].strip("-_")
    forge.admin.repository(OWNER, repo, private=False)
    developer, stranger = forge.admin.user("developer"), forge.admin.user("stranger")
    reader, reporter, qa = (forge.admin.user(who, IDENTITIES[who].scopes) for who in (READER, REPORTER, QA))
    for login, permission in (("developer", "write"), (READER, "admin"), (REPORTER, "write"), (QA, "read")):
        forge.admin.allow(OWNER, repo, login, permission)
    for folder, name, content in (
        ("hooks", "secret", SECRET),
        *((who.login, "token", who.token) for who in (reader, reporter, qa)),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content)
    ours = [f"{OWNER}/{repo}"]
    env = {"WEBHOOK_SECRETS": str(tmp_path / "hooks"), "REPOSITORIES": json.dumps(ours)}
    receiver = processes("receiver", env)
    with between(forge.url) as wire, between(f"http://127.0.0.1:{receiver.port}") as hooks:
        more = {"pollSeconds": 3600, "module": "implementation_dag"} | getattr(request, "param", {})
        identities = {f"FORGE_{name.upper()}": str(tmp_path / name) for name in (READER, REPORTER, QA)}
        module = more.pop("module")
        controller = processes("pull-requests", {"FORGE": told(wire.url, ours, **more), **identities}, module=module)
        forge.admin.hook(OWNER, repo, f"{hooks.url}/webhook", SECRET)
        found = Place(forge, repo, developer, stranger, reader, reporter, qa, receiver, controller, hooks, wire, client)
        yield found
        account.note(request.node, found, argo)
        # Each identity does its own, and no call of any merges.
        called = {(who, exchange.call) for exchange in wire.seen for who in [_who(found, exchange.headers)]}
        may = {READER: allowed.READER, REPORTER: allowed.REPORTER, QA: allowed.QA}
        assert [call for who, call in called if call not in may[who]] == []


def _who(place: Place, headers: dict[str, str]) -> str:
    token = headers["authorization"].partition(" ")[2]
    return {who.token: who.login for who in (place.reader, place.reporter, place.qa)}[token]
