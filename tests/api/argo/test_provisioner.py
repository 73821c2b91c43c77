"""The provisioner on Argo's real controller: each node is answered once, whatever dies, and none that waits no more."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lightkube import ApiError, Client
from lightkube.resources.core_v1 import LimitRange, Namespace, ResourceQuota, ServiceAccount
from lightkube.resources.networking_v1 import NetworkPolicy
from lightkube.resources.rbac_authorization_v1 import RoleBinding
from lightkube.types import PatchType

from implementation_dag.base import kube, wait
from implementation_dag.contract import names
from implementation_dag.pull_requests import objects
from tests.api.previews import NAMESPACE, RELEASE

from .provisioners import Provisioners
from .runs import Object, Runs

PREVIEW = "impl-pr-7"
HOST = "shop-pr-7.preview.example.com"
ASKED = {"NS": PREVIEW, "HOST": HOST}
WORKFLOWS = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflows"
# Runs of one step, and of what follows: no pod is in them.
MAKES: Object = {"entrypoint": "provision", "onExit": "keep-preview"}
ENDS: Object = {"entrypoint": "remove-preview", "onExit": "keep-preview"}
# As the controller of pull requests names them: by it a later one knows what an earlier one left.
NAMES = (names.run(names.pull_request("acme", "shop", 7), number) for number in itertools.count(1))


def makes(runs: Runs) -> str:
    """Submit a run that makes the preview and keeps it."""
    return runs.submitted(MAKES, ASKED, name=next(NAMES))


def ends(runs: Runs) -> str:
    """Submit a run that takes it away."""
    return runs.submitted(ENDS, {}, name=next(NAMES))


def ended(runs: Runs, name: str, seconds: float = 60) -> str:
    """Wait until a run has ended; return how."""

    def over() -> str:
        runs.others()
        phase = str(runs.status(name).get("phase"))
        return phase if phase in objects.OVER else ""

    found = wait.until(over, seconds, 0.2)
    assert found, runs.status(name)
    return found


def node(runs: Runs, name: str, template: str) -> Object:
    """Return the node of a step."""
    found = [each for each in runs.status(name).get("nodes", {}).values() if each.get("templateName") == template]
    return found[0] if found else {}


def outputs(found: Object) -> dict[str, str]:
    """Return the outputs of a node."""
    return {each["name"]: each["value"] for each in found["outputs"]["parameters"]}


def whole(client: Client) -> bool:
    """Say whether the preview has all that the provisioner makes."""
    client.get(Namespace, PREVIEW)
    client.get(ServiceAccount, names.deployer(RELEASE, PREVIEW), namespace=NAMESPACE)
    made = [len(list(client.list(kind, namespace=PREVIEW))) for kind in (ResourceQuota, LimitRange, NetworkPolicy)]
    return made == [2, 1, 2] and len(list(client.list(RoleBinding, namespace=PREVIEW))) == 3


def there(client: Client) -> bool:
    """Say whether the preview is there."""
    try:
        client.get(Namespace, PREVIEW)
    except ApiError as error:
        assert error.status.code == 404
        return False
    return True


def test_it_answers_with_what_the_arguments_say(runs: Runs, provisioner: Provisioners, client: Client) -> None:
    name = runs.submitted({"entrypoint": "set-params", "onExit": "keep-preview"}, {"pr": "8"})
    assert ended(runs, name) == "Succeeded"
    found = outputs(node(runs, name, "set-params"))
    assert (found["NS"], found["HOST"]) == ("impl-pr-8", "shop-pr-8.preview.example.com")
    assert node(runs, name, "set-params")["finishedAt"]
    name = makes(runs)
    assert ended(runs, name) == "Succeeded"
    assert outputs(node(runs, name, "provision")) == {"outcome": f"preview {PREVIEW} is ready for acme/shop#7"}
    assert outputs(node(runs, name, "keep-preview"))["outcome"].startswith(f"preview {PREVIEW} stays until 20")
    assert whole(client)
    name = ends(runs)
    assert ended(runs, name) == "Succeeded"
    assert outputs(node(runs, name, "remove-preview")) == {"outcome": f"preview {PREVIEW} is gone"}
    assert not there(client)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pr": "{{=1/0}}"}, r"parameter 'pr' is '{{=1/0}}': must be a whole number"),
        ({"owner": "a/b"}, r"parameter 'owner' is 'a/b': must be a GitHub owner"),
        ({"branch": "no-such"}, "has no such branch"),
        ({"pr": "9"}, "has no such pull request"),
    ],
)
def test_a_bad_argument_fails_the_run_in_words(
    runs: Runs, provisioner: Provisioners, arguments: dict[str, str], words: str
) -> None:
    name = runs.submitted({"onExit": "remove-preview"}, arguments)
    assert ended(runs, name) == "Failed"
    assert words in node(runs, name, "set-params")["message"]
    assert node(runs, name, "remove-preview")["phase"] == "Succeeded"


def test_names_that_are_not_the_arguments_own_are_refused(
    runs: Runs, provisioner: Provisioners, client: Client
) -> None:
    name = runs.submitted(MAKES, ASKED | {"NS": "impl-pr-8"})
    assert ended(runs, name) == "Failed"
    assert (
        "input NS is 'impl-pr-8', but the run's arguments give 'impl-pr-7'" in node(runs, name, "provision")["message"]
    )
    assert not there(client)


def test_a_run_of_another_s_templates_gets_nothing(runs: Runs, provisioner: Provisioners, client: Client) -> None:
    """Its nodes look like ours: they wait, have the names of our templates, and ask for what the release does."""
    supplied = {"parameters": [{"name": "outcome", "valueFrom": {"supplied": {}}}]}
    inputs = {"parameters": [{"name": "NS"}, {"name": "HOST"}]}
    own = {"name": "provision", "suspend": {"duration": "3"}, "inputs": inputs, "outputs": supplied}
    name = runs.submitted({"entrypoint": "provision", "templates": [own]}, ASKED, template="")
    assert wait.until(lambda: node(runs, name, "provision").get("phase") == "Running", 30, 0.1)
    assert ended(runs, name) == "Error"
    assert "has not been set" in node(runs, name, "provision")["message"]
    assert not there(client)


@pytest.mark.parametrize("how", ["Stop", "Terminate", "delete"])
def test_a_run_that_is_over_gets_nothing_new(
    how: str, runs: Runs, provisioners: Provisioners, client: Client, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    provisioners.start(holds=f"{go} PATCH /api/v1/namespaces/{PREVIEW}")
    name = makes(runs)
    assert wait.until(lambda: provisioners.said("holds before"), 30, 0.1)
    if how == "delete":
        runs.delete(name)
    else:
        runs.shut(name, how)
        assert wait.until(lambda: node(runs, name, "provision").get("phase") == "Failed", 30, 0.1)
    go.touch()
    if how == "Stop":
        assert ended(runs, name) == "Failed"
    # What it would do more it does at once.
    time.sleep(1)
    writes = [
        line for line in provisioners.log.read_text().splitlines() if line.startswith("call") and ": GET" not in line
    ]
    assert [line for line in writes if WORKFLOWS not in line] == []
    assert not there(client)


def test_two_at_once_do_no_harm(runs: Runs, provisioners: Provisioners, client: Client) -> None:
    provisioners.start()
    provisioners.start()
    wait.until(lambda: provisioners.said("Initial authentication has finished") == 2, 30, 0.1)
    for _ in range(3):
        assert ended(runs, makes(runs)) == "Succeeded"
        assert whole(client)
        assert ended(runs, ends(runs)) == "Succeeded"
        assert not there(client)
    # Three runs of two steps, and three of two more: each has one answer.
    assert provisioners.said("answered: Succeeded") == 12


def test_a_run_that_changes_meanwhile_is_answered_all_the_same(
    runs: Runs, provisioners: Provisioners, client: Client, tmp_path: Path
) -> None:
    provisioners.start(holds=f"{tmp_path / 'go'} PATCH {WORKFLOWS}")
    name = makes(runs)
    assert wait.until(lambda: provisioners.said("holds before"), 30, 0.1)
    patch = {"metadata": {"annotations": {"example.com/meanwhile": "1"}}}
    client.patch(kube.Workflow, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)
    (tmp_path / "go").touch()
    assert ended(runs, name) == "Succeeded"
    assert provisioners.said(f"PATCH {WORKFLOWS}/{name}: 409")
    assert runs.item(name)["metadata"]["annotations"]["example.com/meanwhile"] == "1"


def test_what_nobody_answers_fails_when_its_time_is_over(runs: Runs, provisioners: Provisioners) -> None:
    provisioners.told["STEP_SECONDS"] = "-1000"
    provisioners.start()
    name = makes(runs)
    assert ended(runs, name) == "Failed"
    assert "has no answer after -1000 s (value steps.timeoutSeconds)" in node(runs, name, "provision")["message"]


def play(runs: Runs, provisioners: Provisioners, submit: Callable[[], str], dies_at: int) -> tuple[str, bool]:
    """Play a run whose provisioner is killed before that call, and started again; how it ended, and whether it died."""
    process = provisioners.start(dies_at)
    name, died = submit(), False
    for _ in wait.rounds(90, 0.1):
        runs.others()
        if not died and process.poll() is not None:
            died = True
            process = provisioners.start()
        if (phase := str(runs.status(name).get("phase"))) in objects.OVER:
            provisioners.kill()
            return phase, died
    raise AssertionError(f"killed before call {dies_at}: {runs.status(name)}")


@pytest.mark.long
def test_killed_between_any_two_calls_it_goes_on(runs: Runs, provisioners: Provisioners, client: Client) -> None:
    number, died = 0, True
    while died:
        number += 1
        phase, died = play(runs, provisioners, lambda: makes(runs), number)
        assert phase == "Succeeded", f"killed before call {number}"
        assert whole(client), f"killed before call {number}"
        runs.clear()
    assert number > 20
    number, died = 0, True
    while died:
        number += 1
        assert ended_by(runs, provisioners, makes(runs)) == "Succeeded"
        phase, died = play(runs, provisioners, lambda: ends(runs), number)
        assert phase == "Succeeded", f"killed before call {number}"
        assert not there(client), f"killed before call {number}"
        uninstalls = list(client.list(kube.DocsRun, namespace=NAMESPACE))
        assert len(uninstalls) == 1, f"killed before call {number}"
        runs.clear()
    assert number > 5


def ended_by(runs: Runs, provisioners: Provisioners, name: str) -> str:
    """Let one provisioner bring a run to its end."""
    provisioners.start()
    found = ended(runs, name)
    provisioners.kill()
    return found
