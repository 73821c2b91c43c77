"""Previews that an administrator made beforehand: the namespace stays, the release in it goes."""

from __future__ import annotations

from implementation_dag.contract import labels, names
from implementation_dag.docsrun import removal as docsrun

from .api import Object
from .decide import removal_name
from .model import Thing
from .settings import Told


def removal(namespace: Thing, told: Told) -> Object:
    """Return the DocsRun that uninstalls the release. It has no owner, and goes after its time."""
    own, found = told.decision, namespace.annotations
    deployer = names.deployer(own.release, namespace.name)
    release = names.release(found[labels.REPO_OF_PREVIEW], found[labels.PR_OF_PREVIEW])
    made = labels.of_preview(found[labels.REPO_OF_PREVIEW], found[labels.PR_OF_PREVIEW], own.release)
    return {
        "apiVersion": "taskmaster.io/v1",
        "kind": "DocsRun",
        "metadata": {"name": removal_name(namespace), "namespace": own.namespace, "labels": made},
        "spec": docsrun.spec(told.image, deployer, namespace.name, release),
    }
