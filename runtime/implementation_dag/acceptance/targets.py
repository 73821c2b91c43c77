"""Which URLs are tested: the `urls.json` that the deploy stage wrote."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from implementation_dag.acceptance.errors import AcceptanceError, bad_value

_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_MOST_URLS = 50


@dataclass(frozen=True)
class Target:
    """One base URL (no trailing slash) and the name under which it appears in reports and file names."""

    url: str
    host: str


@dataclass(frozen=True)
class Targets:
    """The URLs to test and the namespace they were deployed to (empty when the file names none)."""

    targets: tuple[Target, ...]
    namespace: str


def read_targets(path: Path) -> Targets:
    """Read `{"hosts": [...], "urls": [...], "ns": ...}`; hosts alone mean https, as in the specification.

    Raises AcceptanceError when the file is missing, is not of that shape, names no URL or more than 50.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AcceptanceError(
            f"URLS_FILE is {str(path)!r}: it cannot be read ({error.strerror}); the deploy stage writes it"
        ) from None
    except ValueError as error:
        raise AcceptanceError(f"URLS_FILE is {str(path)!r}: it is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise bad_value("URLS_FILE's content", type(document).__name__, "an object with hosts and urls")
    urls = _strings(document, "urls") or [f"https://{host}" for host in _strings(document, "hosts")]
    if not urls:
        raise AcceptanceError("urls.json names no URL: the deployed application exposes nothing that can be tested")
    if len(urls) > _MOST_URLS:
        raise bad_value("the number of urls in urls.json", len(urls), f"at most {_MOST_URLS}")
    namespace = document.get("ns", "")
    return Targets(
        targets=tuple({target.url: target for target in map(_target, urls)}.values()),
        namespace=namespace if isinstance(namespace, str) else "",
    )


def _strings(document: dict[str, object], key: str) -> list[str]:
    values = document.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_value(f"{key} in urls.json", values, "a list of strings")
    return values


def _target(url: str) -> Target:
    allowed = "http:// or https:// with a host name and at most a port (paths come from acceptance.paths)"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_value("a URL in urls.json", url, allowed) from None
    if parts.scheme not in ("http", "https") or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise bad_value("a URL in urls.json", url, allowed)
    host = _bare_host(parts)
    if "@" in parts.netloc or not _HOST.fullmatch(host):
        raise bad_value("a URL in urls.json", url, allowed)
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    # Only https on its usual port goes by the bare host, so http and https of one host stay apart.
    label = host if (parts.scheme, port) == ("https", 443) else f"{host}:{port}"
    default = 443 if parts.scheme == "https" else 80
    return Target(f"{parts.scheme}://{host}" + ("" if port == default else f":{port}"), label)


def _bare_host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    return f"[{name}]" if ":" in name else name
