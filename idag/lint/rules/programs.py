"""IDAG72x: programs and options that the image is known not to have. The facts are in images.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.shell import ShellText

_FACTS = Path(__file__).with_name("images.toml")
_INSTALLS = re.compile(
    r"\b(?:apk\s+(?:-\S+\s+)*add|(?:apt|apt-get|yum|dnf|microdnf|zypper)\s+(?:-\S+\s+)*install"
    r"|pip3?\s+install|npm\s+(?:install|i)|go\s+install)\b"
)
# A script that makes, fetches or asks for a program itself; {} is its name.
_COPES = r"\b(?:command -v|which|type|hash|chmod\s+\S+)\s+(?:\S*/)?{0}\b|\b{0}\s*\(\)|(?:-o|-O|>|\s)\s*\S*/{0}\b"
_PROGRAM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_GNU_DATE = (
    (re.compile(r"\bdate\b[^\n|;)]{0,999}?(\+\S*%\d*N)"), "fractions of a second"),
    (
        re.compile(
            r"\bdate\b[^\n|;)]{0,999}?(?:-d|--date)[ =]"
            r"([\"'][^\"']{0,99}(?:hour|day|minute|week|ago|now)[^\"']{0,99}[\"'])"
        ),
        "dates in words",
    ),
)


class Image(NamedTuple):
    """What is known of an image's tools."""

    lacks: tuple[str, ...]
    busybox: bool


@cache
def known_images() -> dict[str, Image]:
    """Facts by image name without registry and tag."""
    tables = tomllib.loads(_FACTS.read_text(encoding="utf-8"))
    return {name: Image(tuple(table["lacks"]), table.get("busybox", False)) for name, table in tables.items()}


def image_of(text: ShellText) -> Image | None:
    """Facts of the image in which a shell text runs; None when it is not known."""
    name, _, tag = re.sub(r"@sha256:.*$", "", text.image).rpartition(":")
    name = re.sub(r"^(?:docker\.io/)?(?:library/)?", "", name if name and "/" not in tag else text.image)
    on_alpine = Image((), busybox=True) if re.search(r"(?:^|-)alpine", tag) else None
    return known_images().get(name, on_alpine)


@rule("IDAG721", "program that the image does not have", "the step ends with `not found`, or worse: `|| true` hides it")
def missing_programs(scope: Scope) -> Iterator[Hit]:
    """Not told when the script installs packages or brings the program itself, or an artifact or volume does."""
    for text in scope.shell_texts:
        image = image_of(text)
        if image and not _INSTALLS.search(text.code):
            brought = list(_brought(scope, text))
            used = dict.fromkeys(program for program, _ in text.commands())
            for program in used:
                copes = re.search(_COPES.format(re.escape(program)), text.code)
                is_there = any(path in _PROGRAM_FOLDERS or path.endswith(f"/{program}") for path in brought)
                if program in image.lacks and not copes and not is_there:
                    yield Hit(text.address, text.path, f"{text.image} has no {program}")


def _brought(scope: Scope, text: ShellText) -> Iterator[str]:
    """Where artifacts and volumes are put into the container of the text."""
    for template in scope.templates:
        if template.address == text.address and text.path.startswith(f"{template.path}."):
            for artifact in template.inputs("artifacts").values():
                yield str(artifact.get("path")).rstrip("/")
    for pod in scope.pods:
        for container in pod.containers if pod.address == text.address else ():
            if text.path.startswith(f"{container.path}."):
                for mount in container.data.get("volumeMounts") or []:
                    yield str(mount.get("mountPath")).rstrip("/")


@rule("IDAG722", "GNU option in a busybox image", "busybox prints something else or fails, and the value is wrong")
def gnu_options(scope: Scope) -> Iterator[Hit]:
    """`date` with fractions of a second or with dates in words."""
    for text in scope.shell_texts:
        image = image_of(text)
        if image and image.busybox:
            for pattern, what in _GNU_DATE:
                for match in pattern.finditer(text.code):
                    yield Hit(text.address, text.path, f"date of {text.image} knows no {what}: `{match.group(1)}`")
