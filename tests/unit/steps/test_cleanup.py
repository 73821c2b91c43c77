"""A run removes the preview that it made, and no other."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace

from implementation_dag.base import wait
from implementation_dag.base.errors import StepError
from implementation_dag.contract import labels, settings
from implementation_dag.contract.run import Run
from implementation_dag.steps import cleanup, provision


def a_run(pr: str = "7", workflow: str = "first") -> Run:
    return Run("acme", "shop", pr, workflow, "uid", "workflows", "implementation-dag")


def preview_of(this: Run, **changed: str) -> Namespace:
    labels = this.labels | changed
    return Namespace(metadata=ObjectMeta(name="impl-pr-7", labels=labels, annotations=this.ownership))


def test_its_own_preview_may_go() -> None:
    assert cleanup.not_ours(preview_of(a_run()), a_run()) == ""


def test_a_newer_run_keeps_the_preview_it_took_over() -> None:
    found = cleanup.not_ours(preview_of(a_run(workflow="second")), a_run())
    assert found == "belongs to the newer run second of acme/shop#7"


def test_names_ignore_case() -> None:
    other = Run("Acme", "Shop", "7", "first", "uid", "workflows", "implementation-dag")
    assert cleanup.not_ours(preview_of(a_run()), other) == ""


def test_another_pull_request_s_namespace_is_left_alone() -> None:
    assert cleanup.not_ours(preview_of(a_run(pr="8")), a_run()) == "is not the preview of acme/shop#7"
    assert cleanup.not_ours(preview_of(a_run(), preview="false"), a_run()) == "is not the preview of acme/shop#7"
    other = {labels.RELEASE: "implementation-dag-dev"}
    assert cleanup.not_ours(preview_of(a_run(), **other), a_run()) == "is not the preview of acme/shop#7"


def test_the_time_to_live_counts_by_the_one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "CLOCK", SimpleNamespace(time=lambda: 0.0))
    assert set(provision.expiry(1).values()) == {"1970-01-01T01:00:00Z"}


SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def told(cluster_scoped: bool = True) -> settings.OfProvisioner:
    """What the steps go by."""
    return settings.OfProvisioner(
        settings.Installation("1", "x", cluster_scoped),
        settings.Git(""),
        settings.Namespace("cluster", "impl"),
        {},
        settings.Preview(24, "restricted", 1, (), {}, {}),
    )


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run whose preview is there; `uninstall` is what becomes of its DocsRun, `deleted` what went."""
    this: dict[str, Any] = {"uninstall": {"phase": "Succeeded"}, "deleted": [], "waited": []}

    def complete(client: object, docsrun: object, limit: float, since: datetime) -> dict[str, Any]:
        this["waited"].append((limit, since))
        if isinstance(this["uninstall"], Exception):
            raise this["uninstall"]
        status: dict[str, Any] = this["uninstall"]
        return status

    monkeypatch.setattr(cleanup.provision, "existing", lambda *_: preview_of(a_run()))
    monkeypatch.setattr(cleanup.docsrun_client, "complete", complete)
    monkeypatch.setattr(cleanup, "delete", lambda client, name, limit: this["deleted"].append(name))
    return this


def remove(cluster_scoped: bool = True) -> str:
    nobody: Any = None
    return cleanup.remove(nobody, a_run(), told(cluster_scoped), SINCE)


def test_the_preview_goes_after_its_release(step: dict[str, Any]) -> None:
    assert remove() == "preview impl-pr-7 is gone"
    assert step["deleted"] == ["impl-pr-7"]
    assert step["waited"] == [(cleanup.UNINSTALL_SECONDS, SINCE)]


def test_the_preview_goes_whatever_the_uninstall_said(step: dict[str, Any]) -> None:
    step["uninstall"] = {"phase": "Failed", "reason": "HelmFailed", "message": "no"}
    # It is told all the same: the exit handler ends as failed.
    with pytest.raises(StepError, match="helm uninstall: HelmFailed: no"):
        remove()
    step["uninstall"] = StepError("cannot create DocsRun: forbidden")
    with pytest.raises(StepError, match="cannot create DocsRun"):
        remove()
    assert step["deleted"] == ["impl-pr-7"] * 2


def test_a_preview_that_was_made_beforehand_stays(step: dict[str, Any]) -> None:
    assert remove(cluster_scoped=False) == "namespace impl-pr-7 stays: whoever made it beforehand removes it"
    assert step["deleted"] == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "no preview impl-pr-7: nothing to remove"),
        (preview_of(a_run(workflow="second")), "namespace impl-pr-7 belongs to the newer run second of acme/shop#7"),
    ],
)
def test_what_is_not_its_own_is_left_alone(
    step: dict[str, Any], monkeypatch: pytest.MonkeyPatch, found: Namespace | None, words: str
) -> None:
    monkeypatch.setattr(cleanup.provision, "existing", lambda *_: found)
    assert remove().startswith(words)
    assert (step["waited"], step["deleted"]) == ([], [])


def test_what_is_kept_says_which_run_kept_it(step: dict[str, Any]) -> None:
    patched: list[Any] = []
    client: Any = SimpleNamespace(patch=lambda kind, name, patch: patched.append(patch["metadata"]["annotations"]))
    assert cleanup.keep(client, a_run(), told()).startswith("preview impl-pr-7 stays until 2")
    assert patched[0].keys() == {*labels.EXPIRES, labels.KEPT}
    assert patched[0][labels.KEPT] == a_run().labels[labels.WORKFLOW]
