"""IDAG6xx: steps that hang for ever, and steps that give up at the first hiccup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.shell import code_argument, program_of
from idag.lint.workflow import Template

# Shell commands that ask something on the network.
NETWORK = (
    *("curl", "wget", "git", "helm", "kubectl", "argo", "aws", "gcloud", "az", "gh", "crane", "skopeo", "docker"),
    *("pip", "pip3", "npm", "yarn", "cargo", "go", "apt-get", "apk", "ssh", "scp", "rsync", "psql", "redis-cli"),
    *("k6", "vegeta"),
)


# Programs that ask nobody anything, as a container's own command.
_LOCAL = (
    *("echo", "printf", "true", "false", "sleep", "cat", "ls", "test", "date", "cowsay", "env", "id", "pwd", "seq"),
    *("cp", "mv", "rm", "mkdir", "touch", "chmod", "ln", "head", "tail", "wc", "sort", "uniq", "cut", "tr", "tee"),
    *("grep", "sed", "awk", "jq", "yq", "tar", "gzip", "gunzip", "unzip", "sha256sum", "base64", "find", "expr"),
)
# What code of other languages that talks to somebody or runs a program cannot do without.
_ASKS_SOMEBODY = re.compile(
    r"https?|socket|urllib|requests|fetch|axios|boto|grpc|kubernetes|smtp|ftp|ssh|subprocess|os\.system|popen|exec"
    r"|spawn|dns|sql|redis|mongo|kafka|amqp|`",
    re.IGNORECASE,
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
        # A set of containers is retried by its own field.
        retried = template.setting("retryStrategy") or (template.data.get("containerSet") or {}).get("retryStrategy")
        if template.is_leaf and not retried and _uses_network(scope, template):
            yield Hit(template.address, template.path, "no retryStrategy")


def _uses_network(scope: Scope, template: Template) -> bool:
    fetched = [one for one in template.inputs("artifacts").values() if "raw" not in one]
    if fetched or template.outputs("artifacts") or template.kind not in ("container", "script"):
        return True
    container = template.data[template.kind]
    texts = [text for text in scope.shell_texts if text.path.startswith(f"{template.path}.{template.kind}.")]
    own = [text for text in texts if text.address == template.address]
    if own:
        return any(program in NETWORK for text in own for program, _ in text.commands())
    if program_of(container) in _LOCAL:
        return False
    place = code_argument(container)
    code = container.get("source") or (container[place[0]][place[1]] if place else None)
    # What cannot be looked into: most programs ask somebody something.
    return code is None or bool(_ASKS_SOMEBODY.search(code))
