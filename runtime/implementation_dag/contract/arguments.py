"""Validation of the workflow's arguments, before anything is created (design: parameters reach code through env)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from implementation_dag.base.errors import ArgumentError

from .parameters import BY_NAME, PARAMETERS, Parameter

SHOWN_CHARACTERS = 80


def shown(value: str) -> str:
    """Return `value` quoted for a message: ASCII only, control characters escaped, cut to 80 characters."""
    cut = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "..."
    return ascii(cut)


def validate(arguments: Mapping[str, str]) -> None:
    """Raise ArgumentError that names every bad parameter, its value and what is allowed.

    What has a default may be left out.
    """
    problems = [f"parameter {p.name!r} is missing: it must be {p.allowed}" for p in PARAMETERS if missing(p, arguments)]
    for name, value in arguments.items():
        if name not in BY_NAME:
            problems.append(f"parameter {shown(name)} is unknown: there are {', '.join(BY_NAME)}")
        elif not BY_NAME[name].accepts(value):
            problems.append(f"parameter {name!r} is {shown(value)}: must be {BY_NAME[name].allowed}")
    if problems:
        raise ArgumentError("\n".join(sorted(problems)))


def missing(parameter: Parameter, arguments: Mapping[str, str]) -> bool:
    """Say whether a parameter without default is not among `arguments`."""
    return parameter.default is None and parameter.name not in arguments


def decoded(env: Mapping[str, str], name: str) -> str:
    """Return the text that the variable `name` carries in base64. Raises ArgumentError when it does not."""
    try:
        return base64.b64decode(env[name], validate=True).decode()
    except ValueError:
        raise ArgumentError(
            f"variable {name} is {shown(env[name])}: must be in base64, {{{{=sprig.b64enc(workflow.parameters.x)}}}}"
        ) from None


def complete(given: Mapping[str, str]) -> dict[str, str]:
    """Return a run's arguments, checked; what is no argument of ours is left out. Raises ArgumentError.

    imageTag's default names the pull request by a workflow tag, which Argo leaves for us to fill in.
    """
    arguments = {name: value for name, value in given.items() if name in BY_NAME}
    if arguments.get("imageTag") == BY_NAME["imageTag"].default:
        arguments["imageTag"] = f"pr-{arguments.get('pr', '')}"
    validate(arguments)
    return arguments
