"""A run removes the preview that it made, and no other."""

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace

from implementation_dag.contract import labels
from implementation_dag.contract.run import Run
from implementation_dag.steps import cleanup


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
