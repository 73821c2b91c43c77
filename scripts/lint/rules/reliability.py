"""IDAG6xx: steps that hang for ever, and steps that give up at the first hiccup."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.registry import Hit, rule
from scripts.lint.scope import Scope
from scripts.lint.workflow import Template

# Shell commands that ask something on the network.
NETWORK = (
    *("curl", "wget", "git", "helm", "kubectl", "argo", "aws", "gcloud", "az", "gh", "crane", "skopeo", "docker"),
    *("pip", "pip3", "npm", "yarn", "cargo", "go", "apt-get", "apk", "ssh", "scp", "rsync", "psql", "redis-cli", "k6"),
)


@rule("IDAG601", "step without a time limit", "a step that hangs holds the run, its pods and its preview for ever")
def no_time_limit(scope: Scope) -> Iterator[Hit]:
    """`activeDeadlineSeconds` or `timeout` of leaf templates (or templateDefaults), and of Jobs and DocsRuns."""
    for template in scope.templates:
        if template.is_leaf and template.setting("activeDeadlineSeconds", "timeout") is None:
            yield Hit(template.address, template.path, "no activeDeadlineSeconds or timeout")
    for item in scope.of("Job", "CronJob", "DocsRun"):
        steps = {"Job": "spec", "CronJob": "spec.jobTemplate.spec", "DocsRun": "spec"}[item.data["kind"]]
        spec = item.data
        for step in steps.split("."):
            spec = spec.get(step) or {}
        field = "timeout" if item.data["kind"] == "DocsRun" else "activeDeadlineSeconds"
        if field not in spec:
            yield Hit(item.address, item.at(steps), f"no {field}")


@rule("IDAG602", "step on the network without retries", "one lost packet or evicted pod fails a whole run")
def no_retries(scope: Scope) -> Iterator[Hit]:
    """`retryStrategy` of leaf templates, but for shell scripts that use no program of the network and no artifact."""
    for template in scope.templates:
        if template.is_leaf and _uses_network(scope, template) and not template.setting("retryStrategy"):
            yield Hit(template.address, template.path, "no retryStrategy")


def _uses_network(scope: Scope, template: Template) -> bool:
    if template.inputs("artifacts") or template.outputs("artifacts") or template.kind not in ("container", "script"):
        return True
    texts = [text for text in scope.shell_texts if text.path.startswith(f"{template.path}.{template.kind}")]
    own = [text for text in texts if text.address == template.address]
    # What is no shell cannot be looked into: most programs ask somebody something.
    return not own or any(program in NETWORK for text in own for program, _ in text.commands())
