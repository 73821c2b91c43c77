"""The acceptance step's inputs: environment and configuration, checked before anything is requested."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.acceptance.errors import AcceptanceError, bad_value
from implementation_dag.contract.parameters import THRESHOLDS, Parameter

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_USER_AGENT = re.compile(r"(?=.{1,200}\Z)[!-~]+( +[!-~]+)*")
_PATH = re.compile(r"/[!-\"$-~]{0,2047}")  # visible ASCII without "#": a fragment never reaches a server


@dataclass(frozen=True)
class ExpectedPath:
    """A path to ask for and the status codes that count as success there."""

    path: str
    statuses: tuple[int, ...]


@dataclass(frozen=True)
class Settings:
    """Validated inputs. `thresholds` are by their parameters' names, `timeout_seconds` is that of one request."""

    namespace: str
    thresholds: Mapping[str, int | float]
    paths: tuple[ExpectedPath, ...]
    body_limit_bytes: int
    timeout_seconds: int
    requests_per_second: int
    user_agent: str
    vegeta: str = "vegeta"
    ca_file: Path | None = None

    @property
    def requests_per_host(self) -> int:
        """How many requests each host gets."""
        return int(self.thresholds["requests_per_host"])


def from_environment(env: Mapping[str, str], config: Mapping[str, object]) -> Settings:
    """Read settings from the step's environment `env` and the `acceptance` section of the configuration.

    Raises AcceptanceError naming the parameter, its value and the allowed range.
    """
    thresholds = {one.name: _threshold(env, one) for one in THRESHOLDS}
    check_requests(int(thresholds["requests_per_host"]), config)
    namespace = env.get("NS", "")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise bad_value("NS", namespace, "a namespace's name (lower-case letters, digits and '-', at most 63)")
    limit = config.get("bodyLimitBytes", 65536)
    return Settings(
        namespace=namespace,
        thresholds=thresholds,
        paths=_paths(config),
        body_limit_bytes=_whole("acceptance.bodyLimitBytes", limit, 0, 1_048_576),
        timeout_seconds=_timeout(config),
        requests_per_second=_rate(config),
        user_agent=_user_agent(config.get("userAgent", "implementation-dag-acceptance")),
        vegeta=env.get("VEGETA", "vegeta"),
        ca_file=_ca_file(env),
    )


def check_requests(requests: int, config: Mapping[str, object]) -> None:
    """Look at the number of requests to each host, which the first stage asks about as well.

    Raises AcceptanceError when they are too few for the paths, or too many for the step's time.
    """
    paths = len(_paths(config))
    if requests < paths:
        raise bad_value(
            "REQUESTS_PER_HOST",
            requests,
            f"at least {paths}, one for each of acceptance.paths, or some path would never be tested",
        )
    step = _whole("acceptance.stepTimeoutSeconds", config.get("stepTimeoutSeconds", 900), 1, 2**31)
    most = (step - _timeout(config)) * _rate(config)
    if requests > most:
        raise bad_value(
            "REQUESTS_PER_HOST",
            requests,
            f"at most {max(0, most)}, as many as acceptance.requestsPerSecond makes within "
            "acceptance.stepTimeoutSeconds without the acceptance.timeoutSeconds of the last one",
        )


def _timeout(config: Mapping[str, object]) -> int:
    return _whole("acceptance.timeoutSeconds", config.get("timeoutSeconds", 10), 1, 120)


def _rate(config: Mapping[str, object]) -> int:
    return _whole("acceptance.requestsPerSecond", config.get("requestsPerSecond", 5), 1, 100)


def _ca_file(env: Mapping[str, str]) -> Path | None:
    for name in ("CA_FILE", "SSL_CERT_FILE"):
        if env.get(name):
            return _file(name, env[name])
    return None


def _threshold(env: Mapping[str, str], parameter: Parameter) -> int | float:
    name = parameter.name.upper()
    value = env.get(name, parameter.default or "")
    if not parameter.accepts(value):
        raise bad_value(name, value, parameter.allowed)
    return parameter.kind(value)


def _whole(name: str, value: object, low: int, high: int) -> int:
    # A number of a values file may come as a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not low <= value <= high:
        raise bad_value(name, value, f"a whole number from {low} to {high}")
    return int(value)


def _paths(config: Mapping[str, object]) -> tuple[ExpectedPath, ...]:
    value = config.get("paths", [{"path": "/", "status": [200]}])
    if not isinstance(value, list) or not 1 <= len(value) <= 50:
        raise bad_value("acceptance.paths", value, "a list of 1 to 50 entries {path, status}")
    return tuple(_path(f"acceptance.paths[{i}]", entry) for i, entry in enumerate(value))


def _path(name: str, entry: object) -> ExpectedPath:
    if not isinstance(entry, Mapping):
        raise bad_value(name, entry, "a mapping {path, status}")
    path, statuses = entry.get("path"), entry.get("status", [200])
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise bad_value(f"{name}.path", path, "a path that starts with '/', in visible ASCII, without '#'")
    if not isinstance(statuses, list) or not statuses or not all(_is_status(s) for s in statuses):
        raise bad_value(f"{name}.status", statuses, "a list of HTTP status codes from 200 to 599")
    return ExpectedPath(path, tuple(statuses))


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599


def _user_agent(value: object) -> str:
    if not isinstance(value, str) or not _USER_AGENT.fullmatch(value):
        raise bad_value(
            "acceptance.userAgent", value, "1 to 200 visible ASCII characters, with spaces only between them"
        )
    return value


def _file(name: str, value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise AcceptanceError(f"{name} is {value!r}: there is no such file in this container; check what is mounted")
    return path
