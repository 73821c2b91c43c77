"""What the chart tells each step: a typed shape for each, and the one reader of them.

The chart writes a step's sections into the variable SETTINGS of its container, as YAML. A Workflow keeps the spec it
started with, so a run's pods keep their settings through any upgrade of the release; the provisioner has the release's
own. Names are those of values.yaml, in camelCase there and in snake_case here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, make_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import yaml

from implementation_dag.base.errors import StepError
from implementation_dag.cost import Prices

from .parameters import THRESHOLDS

Shape = TypeVar("Shape")
SHOWN_CHARACTERS = 100
_EXPONENT = re.compile(r"[0-9]{1,20}e-[0-9]{1,2}")


@dataclass(frozen=True)
class Installation:
    """The release itself: version of its chart, image of its steps, and whether it may make namespaces."""

    chart: str
    image: str
    cluster_scoped: bool


@dataclass(frozen=True)
class Git:
    """Where repositories are, and who commits. A platform's own templates name the address alone."""

    base_url: str
    credentials_secret: str = ""
    author_name: str = ""
    author_email: str = ""


@dataclass(frozen=True)
class Namespace:
    """How previews' namespaces are named."""

    scope: Literal["cluster", "repo"]
    prefix: str


@dataclass(frozen=True)
class Image:
    """The application's image: where it is, and how long it may take to be there."""

    repository: str
    wait_seconds: int
    require_revision: bool


@dataclass(frozen=True)
class Ingress:
    """Annotations for the application's Ingress, and the value of its chart that takes them."""

    annotations_key: str
    annotations: dict[str, str]


@dataclass(frozen=True)
class Deploy:
    """How helm deploys the application; `set` has templates of its --set values."""

    image: Image
    set: dict[str, str]
    ingress: Ingress
    helm_timeout: str
    timeout: str
    pod_grace_seconds: int
    unschedulable_grace_seconds: int
    health_path: str
    health_timeout_seconds: int
    allow_no_endpoint: bool
    resources: dict[str, Any]


if TYPE_CHECKING:
    Defaults = Any
else:
    # Values of parameters that a repository may say something in place of: each threshold is one.
    Defaults = make_dataclass(
        "Defaults",
        [("chart_path", str), ("values_file", str), *((one.name, one.kind) for one in THRESHOLDS)],
        frozen=True,
    )


@dataclass(frozen=True)
class Repositories:
    """What a repository may say of itself: keys of its file, most requests to a host, and the defaults beneath."""

    settings: tuple[str, ...]
    most_requests_per_host: int
    defaults: Defaults


@dataclass(frozen=True)
class Preview:
    """How previews are made, how long they stay, and what their namespaces bear beside our own keys."""

    ttl_hours: float
    pod_security: Literal["restricted", "baseline", "privileged"]
    deletion_timeout_seconds: int
    pull_secrets: tuple[str, ...]
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass(frozen=True)
class Agent:
    """One agent: its command, and its image when it has one of its own."""

    command: tuple[str, ...]
    image: str = ""


@dataclass(frozen=True)
class Agents:
    """The reference agents and the bounds of their boxes."""

    image: str
    apps: dict[str, Agent]
    timeout_seconds: int
    start_seconds: int
    resources: dict[str, Any]
    workspace_size: str
    retries: int
    evidence_file_limit_bytes: int


@dataclass(frozen=True)
class Pages:
    """Whether links of a page to what lies beside it lead there: an address that is signed opens one file."""

    links: bool


@dataclass(frozen=True)
class OfAgent:
    """What the step of an agent is told."""

    git: Git
    agents: Agents


@dataclass(frozen=True)
class OfHead:
    """What step head and the installation's check are told."""

    git: Git


@dataclass(frozen=True)
class OfProvisioner:
    """What the provisioner is told, for all of its steps; acceptance checks its section by itself."""

    installation: Installation
    git: Git
    namespace: Namespace
    acceptance: dict[str, Any]
    preview: Preview


@dataclass(frozen=True)
class OfDeploy:
    """What deploy is told."""

    installation: Installation
    git: Git
    deploy: Deploy
    repositories: Repositories


@dataclass(frozen=True)
class OfRepository:
    """What deploy tells its DocsRun: the bounds of the repository's file, and the names that its values may use."""

    repositories: Repositories
    names: dict[str, str]


@dataclass(frozen=True)
class OfEvidence:
    """What the index of the evidence is made with."""

    installation: Installation
    namespace: Namespace
    cost: Prices
    # Stage's folder → resources of the containers that its task lets run beside its own pod.
    beside: dict[str, tuple[dict[str, Any], ...]]
    pages: Pages


def document(env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return SETTINGS as it stands. Raises StepError when it is no mapping."""
    try:
        found = yaml.safe_load(env.get("SETTINGS", ""))
    except yaml.YAMLError as error:
        raise StepError(f"SETTINGS is not YAML: {error}") from None
    if not isinstance(found, dict):
        raise StepError(f"SETTINGS is {_shown(found)}: must be a mapping")
    return found


def load(shape: type[Shape], env: Mapping[str, str] = os.environ) -> Shape:
    """Return the sections that `shape` names, those of other steps left alone.

    Raises StepError that names field, value and what is allowed.
    """
    told = document(env)
    found: Shape = _read(shape, {name: told[name] for name in names(shape) if name in told}, "")
    return found


def written(found: Any) -> Any:
    """Return a section as `load` would read it again."""
    if is_dataclass(found):
        return {name: written(getattr(found, field.name)) for name, field in names(type(found)).items()}
    return list(found) if isinstance(found, tuple) else found


def names(shape: type[Any]) -> dict[str, Any]:
    """Return the fields of a dataclass by their names in YAML."""
    return {_camel(field.name): field for field in fields(shape)}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _read(kind: Any, value: Any, path: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _mapping(kind, value, path)
    if origin is Literal:
        return _checked(value in inner, value, path, f"one of {', '.join(inner)}")
    if origin is tuple:
        items = _checked(isinstance(value, list), value, path, "a list")
        return tuple(_read(inner[0], item, f"{path}[{number}]") for number, item in enumerate(items))
    if origin is dict:
        given = _checked(isinstance(value, dict), value, path, "a mapping")
        return {str(key): _read(inner[1], item, f"{path}.{key}") for key, item in given.items()}
    return value if kind is Any else _plain(kind, value, path)


def _mapping(kind: Any, value: Any, path: str) -> Any:
    _checked(isinstance(value, dict), value, path, "a mapping")
    known, types = names(kind), get_type_hints(kind)
    if unknown := sorted(map(str, value.keys() - known.keys())):
        raise StepError(f"SETTINGS has {_below(path, unknown[0])}: known there are {', '.join(known)}")
    given = {}
    for name, field in known.items():
        if name in value:
            given[field.name] = _read(types[field.name], value[name], _below(path, name))
        elif field.default is MISSING:
            raise StepError(f"SETTINGS lacks {_below(path, name)}, which this step needs")
    return kind(**given)


def _plain(kind: type[Any], value: Any, path: str) -> Any:
    # 5e-05, as helm and JSON write it, is a text to YAML 1.1.
    if kind is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        value = float(value)
    # A bool is an int to Python, and Helm may write a whole number as a float.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits, words = {
        str: (isinstance(value, str), "a text"),
        bool: (isinstance(value, bool), "true or false"),
        int: (number and value % 1 == 0, "a whole number"),
        float: (number, "a number"),
    }[kind]
    return kind(_checked(fits, value, path, words))


def _checked(fits: bool, value: Any, path: str, allowed: str) -> Any:
    if not fits:
        raise StepError(f"SETTINGS: {path} is {_shown(value)}: must be {allowed}")
    return value


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
