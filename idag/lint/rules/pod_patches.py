"""IDAG106: parameters in `podSpecPatch`, which can change everything in a pod."""

from __future__ import annotations

from collections.abc import Iterator

from idag.lint import tags
from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope


@rule(
    "IDAG106",
    "parameter spliced into a patch of the pod",
    "a quote or newline in the value makes the pod privileged or another image; write it as JSON: `{{=toJson(...)}}`",
)
def spliced_into_patches(scope: Scope) -> Iterator[Hit]:
    """`{{...}}` in `podSpecPatch` of a template, of the workflow and of its templateDefaults."""
    for address, path, text in scope.pod_patches:
        for tag in tags.find(text):
            if not tag.is_harmless and not tag.is_quoted_json:
                yield Hit(address, path, f"`{{{{{tag.text}}}}}` is pasted into the patch")
