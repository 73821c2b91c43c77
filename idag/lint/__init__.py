"""Our own lint of Argo workflows and the manifests around them: what `argo lint` and schemas do not see.

`idag lint PATH...` for any YAML; `lint(objects)` in a test. docs/lint.md lists the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from idag.lint import rules
from idag.lint.registry import RULES, Finding, Rule
from idag.lint.scope import Scope
from idag.lint.silence import apply
from idag.render.manifests import Object

__all__ = ["RULES", "Finding", "Rule", "lint", "rules"]


def lint(objects: Iterable[Object], only: Iterable[str] | None = None) -> list[Finding]:
    """Return what the rules (all, or those of the ids `only`) find in the objects, which are judged as one set.

    Raises KeyError for an id that is no rule.
    """
    scope = Scope(objects)
    chosen = [RULES[name] for name in only] if only is not None else list(RULES.values())
    findings = [Finding(rule.id, *hit) for rule in chosen for hit in dict.fromkeys(rule.check(scope))]
    return sorted(apply(findings, scope.items, {rule.id for rule in chosen}))
