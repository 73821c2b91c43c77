"""The one object of another, by the API server's own rules."""

from __future__ import annotations

from typing import cast

import pytest
from lightkube import ApiError
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import ConfigMap

from idag.render.manifests import Object
from implementation_dag.base import owned
from implementation_dag.base.owned import Cannot, Problem

from .previews import NAMESPACE
from .release import World


def built(owner: Object, **changed: object) -> Object:
    metadata = owner["metadata"]
    reference = {"apiVersion": owner["apiVersion"], "kind": "DocsRun", "name": metadata["name"], "uid": metadata["uid"]}
    own = {"name": metadata["name"], "namespace": NAMESPACE, "ownerReferences": [reference]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": own | changed}


def ensure(world: World, owner: Object, made: bool = False, **changed: object) -> Object:
    return owned.ensure(world.client, ConfigMap, owner, lambda: built(owner, **changed), made=made)


def test_it_is_made_once_and_found_again(world: World) -> None:
    owner = world.docsrun("owned-once")
    first = ensure(world, owner)
    assert ensure(world, owner)["metadata"]["uid"] == first["metadata"]["uid"]
    assert ensure(world, owner, made=True)["metadata"]["uid"] == first["metadata"]["uid"]


def test_what_was_made_before_is_not_made_again(world: World) -> None:
    with pytest.raises(Cannot, match="ConfigMap owned-lost was deleted before it ended") as found:
        ensure(world, world.docsrun("owned-lost"), made=True)
    assert found.value.problem == Problem.LOST
    assert world.found(ConfigMap, "owned-lost") is None


def test_what_has_its_name_and_another_s_mark_is_not_its(world: World) -> None:
    owner = world.docsrun("owned-taken")
    ensure(world, owner)
    other = owner | {"metadata": owner["metadata"] | {"uid": "another"}}
    with pytest.raises(Cannot, match=f"a ConfigMap owned-taken exists in {NAMESPACE} that is another's") as found:
        ensure(world, other)
    assert found.value.problem == Problem.TAKEN


def test_what_the_api_server_does_not_take_is_told_in_its_words(world: World) -> None:
    owner = world.docsrun("owned-refused")
    with pytest.raises(Cannot, match=r"the API server refuses the ConfigMap: .*metadata.labels") as found:
        ensure(world, owner, labels={"x": "no label"})
    assert found.value.problem == Problem.REFUSED


def test_what_may_come_right_is_no_refusal(world: World) -> None:
    owner = world.docsrun("owned-later")
    # Another replica was first.
    world.client.create(cast(ConfigMap, from_dict(built(owner, name="owned-first"))))
    with pytest.raises(ApiError) as found:
        ensure(world, owner, name="owned-first")
    assert found.value.status.code == 409
