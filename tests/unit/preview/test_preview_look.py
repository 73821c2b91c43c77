"""What runs in a preview is told from its nodes' words, and whose preview it is from its label."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from lightkube import Client

from implementation_dag.cost import Usage
from implementation_dag.preview import preview_look, registry
from implementation_dag.preview.preview_look import Look, Running

TESTED, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
REPOSITORY = "registry.example.com:5000/acme/shop"


def pod(name: str, image: str, image_id: str, phase: str = "Running", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name} | metadata,
        "spec": {"containers": [{"name": "app", "image": image}]},
        "status": {"phase": phase, "containerStatuses": [{"name": "app", "image": image, "imageID": image_id}]},
    }


def seen(*pods: dict[str, Any], holder: str = "demo-1") -> Look:
    return Look("2026-01-01T12:00:00Z", holder, tuple(preview_look.running(pods)))


def fault(look: Look, digests: tuple[str, ...] = (TESTED,)) -> str:
    return preview_look.fault(look, "demo-1", REPOSITORY, digests)


def test_what_stays_is_used_by_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = {"resources": {"requests": {"cpu": "500m", "memory": "256Mi"}}}
    pods = [pod("a", "x", ""), pod("b", "x", "", phase="Pending"), pod("c", "x", "", phase="Succeeded")]
    pods.append(pod("d", "x", "", deletionTimestamp="2026-01-01T12:00:00Z"))
    for each in pods:
        each["spec"]["containers"][0] |= asks
    client = SimpleNamespace(get=lambda *_: {"metadata": {}}, list=lambda *_, **__: pods)
    monkeypatch.setattr(preview_look.kube, "as_dict", lambda found: found)
    assert preview_look.look(cast(Client, client), "impl-pr-7").hourly == Usage(1.0, 0.5)


def test_the_tested_digest_runs() -> None:
    look = seen(pod("shop-1", f"{REPOSITORY}:pr-7@{TESTED}", f"{REPOSITORY}@{TESTED}"))
    assert look.running == (Running("shop-1", "app", f"{REPOSITORY}:pr-7@{TESTED}", f"{REPOSITORY}@{TESTED}", TESTED),)
    assert fault(look) == ""


@pytest.mark.parametrize("image", [f"{REPOSITORY}:pr-7", f"{REPOSITORY}@{OTHER}", "elsewhere/shop:1"])
def test_another_digest_of_the_repository_is_named(image: str) -> None:
    words = fault(seen(pod("shop-1", image, f"{REPOSITORY}@{OTHER}")))
    assert words == f"pod shop-1, container app runs {REPOSITORY} with {OTHER}, not the tested {TESTED}"


def test_a_node_may_name_the_image_or_its_index() -> None:
    assert fault(seen(pod("shop-1", REPOSITORY, f"{REPOSITORY}@{OTHER}")), (TESTED, OTHER)) == ""


def test_other_images_are_told_and_not_judged() -> None:
    look = seen(pod("db-1", "postgres:17", f"docker.io/library/postgres@{OTHER}"))
    assert fault(look) == ""
    assert look.running[0].digest == OTHER


@pytest.mark.parametrize(
    "gone",
    [
        pod("a", REPOSITORY, f"{REPOSITORY}@{OTHER}", phase="Succeeded"),
        pod("b", REPOSITORY, f"{REPOSITORY}@{OTHER}", deletionTimestamp="2026-01-01T12:00:00Z"),
        pod("c", REPOSITORY, ""),
    ],
)
def test_what_does_not_run_is_not_told(gone: dict[str, Any]) -> None:
    assert seen(gone).running == ()


def test_an_image_without_a_registry_s_digest_has_none() -> None:
    assert seen(pod("a", "local:1", TESTED)).running[0].digest == ""


@pytest.mark.parametrize(("holder", "words"), [("demo-2", "belongs to the run demo-2"), ("", "belongs to no run")])
def test_a_preview_that_another_run_holds_is_not_tested(holder: str, words: str) -> None:
    assert words in fault(seen(holder=holder))


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("shop", "shop"),
        ("shop:1", "shop"),
        ("a.example:5000/shop", "a.example:5000/shop"),
        (f"a/b/c:1@{TESTED}", "a/b/c"),
    ],
)
def test_an_image_s_repository(image: str, repository: str) -> None:
    assert preview_look.repository(image) == repository


def test_an_index_s_images_are_known() -> None:
    assert registry.platforms(f'{{"manifests": [{{"digest": "{OTHER}"}}, {{"digest": "evil"}}]}}') == (OTHER,)
    assert registry.platforms('{"config": {}, "layers": []}') == ()
