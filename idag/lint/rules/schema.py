"""IDAG0xx: silences, and fields that no schema knows."""

from __future__ import annotations

from collections.abc import Iterator

from idag import data
from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.silence import BAD_SILENCE
from idag.render.manifests import Object
from idag.render.targets import KUBERNETES
from idag.schemas import Fault, embedded, validate
from idag.schemas.reading import read


@rule(
    BAD_SILENCE,
    "silence without a reason or without effect",
    "a silenced rule whose reason is not written down or no longer holds hides the next real fault",
)
def silences(scope: Scope) -> Iterator[Hit]:
    """Found where silences are applied: only there it is known which of them had an effect."""
    yield from ()


@rule(
    "IDAG002",
    "field that the schema refuses",
    "Argo and the API server drop or refuse what they do not know, and the intended effect never happens",
)
def refused_fields(scope: Scope) -> Iterator[Hit]:
    """By the newest supported Kubernetes and the newest line of Argo; older ones are for `idag.schemas`."""
    told = set()
    for fault in _faults(scope):
        if fault.schema != "nothing":
            told.add((fault.address, fault.path))
            yield Hit(fault.address, fault.path, f"{fault.message} (schema of {fault.schema})")
    # What schemas leave open, such as inline templates, and what they say of the field around.
    for item in scope.items:
        for misfit in item.misfits:
            filled_in = isinstance(misfit.value, str) and embedded.PLACEHOLDER in misfit.value
            if not filled_in and (item.address, item.at(misfit.path)) not in told:
                yield Hit(item.address, item.at(misfit.path), misfit.message)


@rule("IDAG003", "kind without a schema", "what cannot be checked may hold any mistake")
def unknown_kinds(scope: Scope) -> Iterator[Hit]:
    """Schemas come from Kubernetes, tools/schemas, and CRDs among the objects."""
    for fault in _faults(scope):
        if fault.schema == "nothing":
            yield Hit(fault.address, fault.path, fault.message)


def _faults(scope: Scope) -> list[Fault]:
    there = {(item.data.get("spec") or {}).get("group") for item in scope.of("CustomResourceDefinition")}
    known = [crd for crd in _own() if crd["spec"]["group"] not in there]
    return validate(scope.objects, KUBERNETES[-1], known, every_source=False)


def _own() -> list[Object]:
    """Our DocsRun: its users lint workflows that make one without having the CRD at hand."""
    return read([data.CRDS])
