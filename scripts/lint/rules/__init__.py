"""The rules, one small family a file; importing this package registers them all."""

from scripts.lint.rules import (
    injection,
    pods,
    programs,
    references,
    reliability,
    resource_templates,
    rights,
    schema,
    shell_habits,
    shellcheck,
    unused,
)

__all__ = [
    "injection",
    "pods",
    "programs",
    "references",
    "reliability",
    "resource_templates",
    "rights",
    "schema",
    "shell_habits",
    "shellcheck",
    "unused",
]
