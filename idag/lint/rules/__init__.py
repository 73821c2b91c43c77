"""The rules, one small family a file; importing this package registers them all."""

from idag.lint.rules import (
    injection,
    pod_patches,
    pods,
    programs,
    references,
    reliability,
    resource_templates,
    rights,
    schema,
    shell_habits,
    shellcheck,
    structure,
    takeover,
    unused,
)

__all__ = [
    "injection",
    "pod_patches",
    "pods",
    "programs",
    "references",
    "reliability",
    "resource_templates",
    "rights",
    "schema",
    "shell_habits",
    "shellcheck",
    "structure",
    "takeover",
    "unused",
]
