"""Validation of the workflow's arguments, before anything is created (design: parameters reach code through env)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

from implementation_dag.base.errors import ArgumentError

ENV_PREFIX = "ARG_"
SHOWN_CHARACTERS = 80


@cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of the arguments, all of them strings."""
    text = resources.files(__package__).joinpath("arguments.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def shown(value: str) -> str:
    """Return `value` quoted for a message: ASCII only, control characters escaped, cut to 80 characters."""
    cut = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "..."
    return ascii(cut)


def validate(arguments: Mapping[str, str]) -> None:
    """Raise ArgumentError that names every bad parameter, its value and what is allowed."""
    problems = []
    for error in Draft202012Validator(schema()).iter_errors(dict(arguments)):
        if error.path:
            name = str(error.path[0])
            allowed = schema()["properties"][name]["description"]
            problems.append(f"parameter {name!r} is {shown(arguments[name])}: must be {allowed}")
        else:
            problems.append(error.message)
    if problems:
        raise ArgumentError("\n".join(sorted(problems)))


def decoded(env: Mapping[str, str], name: str) -> str:
    """Return the text that the variable `name` carries in base64. Raises ArgumentError when it does not."""
    try:
        return base64.b64decode(env[name], validate=True).decode()
    except ValueError:
        raise ArgumentError(
            f"variable {name} is {shown(env[name])}: must be in base64, {{{{=sprig.b64enc(workflow.parameters.x)}}}}"
        ) from None


def from_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the validated arguments that the variables ARG_<parameter> carry, in base64.

    In clear, Argo would evaluate `{{...}}` and the kubelet expand `$(...)` in them before they can be refused.

    imageTag's default names the pull request by a workflow tag, which Argo leaves for us to fill in.
    Raises ArgumentError.
    """
    arguments = {key.removeprefix(ENV_PREFIX): decoded(env, key) for key in env if key.startswith(ENV_PREFIX)}
    if arguments.get("imageTag") == "pr-{{workflow.parameters.pr}}":
        arguments["imageTag"] = f"pr-{arguments.get('pr', '')}"
    validate(arguments)
    return arguments
