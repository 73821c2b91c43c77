"""IDAG1xx: parameters that become code or structure. Whoever starts the workflow chooses their characters."""

from __future__ import annotations

from collections.abc import Iterator

from idag.lint import tags
from idag.lint.containers import Container
from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.shell import code_argument, program_of


@rule(
    "IDAG101",
    "parameter spliced into code",
    "Argo pastes the value before the shell reads it: a quote or `$(...)` in a branch name runs as code; use env",
)
def spliced_into_code(scope: Scope) -> Iterator[Hit]:
    """`{{...}}` in a script's source or in the text after `sh -c`, `python -c` and alike."""
    for address, container in _containers(scope):
        texts = []
        if isinstance(container.data.get("source"), str):
            texts.append(("source", container.data["source"]))
        if place := code_argument(container.data):
            field, index = place
            texts.append((f"{field}[{index}]", str(container.data[field][index])))
        for where, text in texts:
            for tag in tags.find(text):
                if not tag.is_harmless:
                    yield Hit(address, f"{container.path}.{where}", f"`{{{{{tag.text}}}}}` is pasted into code")


@rule(
    "IDAG102",
    "parameter as a program's argument",
    "a value such as `--post-renderer=...` is taken as an option of the program; use env, or validate it before",
)
def spliced_into_arguments(scope: Scope) -> Iterator[Hit]:
    """`{{...}}` in command or args outside of code."""
    for address, container in _containers(scope):
        code = code_argument(container.data)
        for field in ("command", "args"):
            # echo knows no option that does anything.
            words = container.data.get(field) if program_of(container.data) != "echo" else None
            for index, word in enumerate(words if isinstance(words, list) else []):
                if (field, index) == code or not isinstance(word, str):
                    continue
                for tag in tags.find(word):
                    if not tag.is_harmless:
                        where = f"{container.path}.{field}[{index}]"
                        yield Hit(address, where, f"`{{{{{tag.text}}}}}` is an argument of the program")


@rule(
    "IDAG103",
    "parameter spliced into a manifest",
    "a newline or quote in the value adds fields to the object; write it as JSON: `{{=toJson(inputs.parameters.x)}}`",
)
def spliced_into_manifests(scope: Scope) -> Iterator[Hit]:
    """`{{...}}` in the manifest of a resource template."""
    for template in scope.templates:
        manifest = (template.data.get("resource") or {}).get("manifest")
        for tag in tags.find(manifest) if isinstance(manifest, str) else ():
            if not tag.is_harmless and not tag.is_quoted_json:
                message = f"`{{{{{tag.text}}}}}` is pasted into the manifest"
                yield Hit(template.address, f"{template.path}.resource.manifest", message)


@rule(
    "IDAG104",
    "text from outside in a template value",
    "Argo replaces tags twice: `{{=...}}` in a branch name or an error is evaluated in its controller; read it by API",
)
def outside_text(scope: Scope) -> Iterator[Hit]:
    """`workflow.failures`, results of scripts, messages and annotations, but in base64 or matched as a whole."""
    for template in scope.templates:
        for path, text in template.strings():
            for name in (name for tag in tags.find(text) for name in tag.outside):
                yield Hit(template.address, path, f"`{name}` is free text, and Argo evaluates what stands in it")


def _containers(scope: Scope) -> Iterator[tuple[str, Container]]:
    """Argo's containers: only there are tags replaced."""
    paths = {template.path for template in scope.templates}
    for pod in scope.pods:
        if pod.path in paths:
            for container in pod.containers:
                yield pod.address, container
