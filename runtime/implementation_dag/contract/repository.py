"""What a repository says of itself in `.implementation-dag.yaml`, within what the release's values allow.

The author of a pull request writes it, so it is hostile. It says where the chart is and what the application answers,
and may be stricter than the values' limits. It has no field for what is the release's: registries, hosts, namespaces,
identities.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from implementation_dag.base import yaml_reader
from implementation_dag.base.errors import StepError

from . import settings as contract
from .arguments import shown
from .parameters import Number
from .repository_schema import LIMITS, schema

if TYPE_CHECKING:
    from jsonschema import ValidationError

FILE = ".implementation-dag.yaml"
# Its base64 is an output of a DocsRun, which has room for 16 KiB.
SIZE_LIMIT = 8 * 1024
# What can be told of one file: a message of a node has room for no more.
FAULTS_TOLD = 5
_STRICTER = {"least": max, "most": min}
# What acceptance is told of it; all else is deploy's.
_OF_ACCEPTANCE = ("paths", "limits")
# As helm reads it: what follows a backslash stands for itself, a further backslash too.
_PLACEHOLDER = re.compile(r"\\.|\{([a-z]+)\}", re.DOTALL)

Settings = dict[str, Any]


class RepositoryError(StepError):
    """The file cannot be obeyed: each fault by field, value and what is allowed."""


@dataclass(frozen=True)
class Bounds:
    """What values let a file say: its keys, the limits that none may be weaker than, and the most requests to a host.

    `limits` are by the file's names; `chart_path` and `values_file` are the values' own defaults.
    """

    settings: frozenset[str]
    limits: Mapping[str, float]
    most_requests: int
    chart_path: str
    values_file: str


def bounds(section: contract.Repositories) -> Bounds:
    """Return the bounds that `repositories` in the settings of a run has."""
    defaults = section.defaults
    return Bounds(
        frozenset(section.settings),
        {name: getattr(defaults, one.name) for name, one in LIMITS.items()},
        section.most_requests_per_host,
        defaults.chart_path,
        defaults.values_file,
    )


def parse(content: bytes, allowed: Bounds) -> Settings:
    """Return what the file of these bytes says. Raises RepositoryError."""
    if len(content) > SIZE_LIMIT:
        raise RepositoryError(f"{FILE} has more than {SIZE_LIMIT} bytes")
    try:
        found = yaml_reader.load(yaml_reader.decoded(content, FILE), FILE)
    except yaml_reader.InputError as error:
        raise RepositoryError(str(error)) from None
    # A file of comments alone.
    settings = {} if found is None else found
    if faults := [*_shape(settings)] or [*_beyond(settings, allowed)]:
        more = f"; and {len(faults) - FAULTS_TOLD} more" if len(faults) > FAULTS_TOLD else ""
        raise RepositoryError(f"{FILE}: {'; '.join(faults[:FAULTS_TOLD])}{more}")
    return dict(settings)


def in_force(given: Mapping[str, float], settings: Settings) -> dict[str, float]:
    """Return the limits of a run that was `given` some, each by its parameter's name: of each the stricter one.

    There is a request for each path at least, or some path would never be asked for.
    """
    own = settings.get("limits", {})
    found = {
        one.name: _STRICTER[one.bound](given[one.name], own.get(name, given[one.name])) for name, one in LIMITS.items()
    }
    found["requests_per_host"] = max(found["requests_per_host"], len(settings.get("paths", [])))
    return found


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a text of `deploy.set` or `set` with {tag}, {digest}, {host}, {pr} and {commit} filled in."""
    return _PLACEHOLDER.sub(lambda match: names[match[1]] if match[1] else match[0], text)


def for_acceptance(settings: Settings) -> str:
    """Return in base64 what acceptance is told: no text of a file stands in a template; empty when there is nothing."""
    told = {name: settings[name] for name in _OF_ACCEPTANCE if name in settings}
    return base64.b64encode(json.dumps(told).encode()).decode() if told else ""


def told(text: str) -> Settings:
    """Return what `for_acceptance` gave as `text`. Raises RepositoryError."""
    try:
        found = json.loads(base64.b64decode(text, validate=True)) if text else {}
    except (binascii.Error, ValueError, RecursionError):
        raise RepositoryError(f"variable REPOSITORY is {shown(text)}: must be JSON in base64") from None
    return checked(found)


def checked(found: Any) -> Settings:
    """Return settings that were parsed before and have been elsewhere since. Raises RepositoryError."""
    if faults := [*_shape(found)]:
        raise RepositoryError(f"what {FILE} said: {faults[0]}")
    return dict(found)


def _shape(found: object) -> Iterator[str]:
    # Imported where there is a file: half of what this module takes to load, in three pods of each run.
    from jsonschema import Draft202012Validator

    errors = [*Draft202012Validator(schema()).iter_errors(found)]
    ordered = sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])
    # A value may break several rules that are told in the same words.
    yield from dict.fromkeys(map(_words, ordered))
    if not errors:
        yield from _decimals(found)


def _decimals(found: Any) -> Iterator[str]:
    """Limits finer than a parameter is written: rounded, one would be weaker than what the file says."""
    for name, limit in found.get("limits", {}).items():
        limits = LIMITS[name].limits
        if isinstance(limits, Number) and round(limit, limits.decimals) != limit:
            yield f"limits.{name} is {limit}: must be {limits.allowed}"


def _words(error: ValidationError) -> str:
    rule: Any = error.schema
    found: Any = error.instance
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    name = shown(field.removeprefix("."))[1:-1]
    if error.validator == "additionalProperties":
        unknown = ", ".join(shown(key) for key in found if key not in rule["properties"])
        return f"{name or 'the file'} has {unknown}: allowed are {', '.join(rule['properties'])}"
    if error.validator == "required":
        return f"{name} lacks {', '.join(key for key in rule['required'] if key not in found)}"
    key = "a key of " if "propertyNames" in error.absolute_schema_path else ""
    return f"{key}{name or 'the file'} is {_value(found)}: must be {rule['description']}"


def _value(found: object) -> str:
    return shown(found) if isinstance(found, str) else shown(json.dumps(found))[1:-1]


def _beyond(settings: Settings, allowed: Bounds) -> Iterator[str]:
    """What has the right shape and is not for this repository to say."""
    if foreign := [name for name in settings if name not in allowed.settings]:
        own = ", ".join(sorted(allowed.settings)) or "nothing"
        yield f"{', '.join(foreign)}: not for a repository to say here, value repositories.settings allows {own}"
    limits = settings.get("limits", {})
    for name, one in LIMITS.items():
        bound = allowed.limits[name]
        if name in limits and _STRICTER[one.bound](limits[name], bound) != limits[name]:
            yield f"limits.{name} is {limits[name]}: must be at {one.bound} {bound:g}, value {one.setting}"
    asked, paths = limits.get("requestsPerHost"), len(settings.get("paths", []))
    requests = max(asked or 0, paths)
    # Values may themselves ask for more than a repository may.
    most = max(allowed.most_requests, int(allowed.limits["requestsPerHost"]))
    if requests > most:
        name = "limits.requestsPerHost" if requests == asked else "the number of paths"
        why = "value repositories.mostRequestsPerHost or what acceptance has time for"
        yield f"{name} is {requests}: must be at most {most}, {why}"
