"""What a command leaves in /results: printed by the sidecar, read from its log by the controller.

The log is the channel because the command's pod then needs no right in our namespace. Its content is hostile.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from implementation_dag.base.log import clean

FOLDER = Path("/results")
FILE_LIMIT = 256 * 1024
TOTAL_LIMIT = 700 * 1024
FILES_LIMIT = 32
OUTPUTS_LIMIT = 32
OUTPUT_VALUE_LIMIT = 16 * 1024
MESSAGE_LIMIT = 4 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
MARK = "docsrun-results "


@dataclass
class Results:
    """Checked results: `outputs` for the status, `files` base64 for the ConfigMap, `failure` (reason, message)."""

    outputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    failure: tuple[str, str] | None = None


def collect(folder: Path) -> dict[str, Any]:
    """Return the plain files of `folder` as one document, within the limits; links are not followed."""
    document: dict[str, Any] = {"files": {}}
    total = 0
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or not NAME.match(path.name):
            continue
        with path.open("rb") as stream:
            content = stream.read(FILE_LIMIT + 1)
        content = content[:FILE_LIMIT] + (b"\n[cut]\n" if len(content) > FILE_LIMIT else b"")
        if total + len(content) > TOTAL_LIMIT or len(document["files"]) >= FILES_LIMIT:
            continue
        total += len(content)
        document["files"][path.name] = base64.b64encode(content).decode()
    return document


def parse(log: str) -> Results:
    """Return the results in the sidecar's log; what is malformed or too large is left out."""
    line = next((text for text in reversed(log.splitlines()) if text.startswith(MARK)), "")
    try:
        files = json.loads(line.removeprefix(MARK))["files"] if line else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return Results()
    found, total = Results(), 0
    for name, content in list(files.items())[:FILES_LIMIT] if isinstance(files, dict) else []:
        try:
            size = len(base64.b64decode(content, validate=True))
        except (binascii.Error, ValueError, TypeError):
            continue
        if NAME.match(name) and total + size <= TOTAL_LIMIT + FILES_LIMIT * 8:
            total += size
            found.files[name] = content
    found.outputs = _outputs(found.files.pop("outputs.json", ""))
    found.failure = _failure(found.files.pop("failure.json", ""))
    return found


def _document(content: str) -> dict[str, Any]:
    try:
        loaded = json.loads(base64.b64decode(content)) if content else {}
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _outputs(content: str) -> dict[str, str]:
    pairs = list(_document(content).items())[:OUTPUTS_LIMIT]
    return {
        key: value
        for key, value in pairs
        if NAME.match(key) and isinstance(value, str) and len(value) <= OUTPUT_VALUE_LIMIT and _is_text(value)
    }


def _failure(content: str) -> tuple[str, str] | None:
    document = _document(content)
    reason, message = document.get("reason"), document.get("message")
    if not isinstance(reason, str) or not isinstance(message, str) or not re.fullmatch(r"[A-Z][A-Za-z]{0,63}", reason):
        return None
    return reason, clean(message[:MESSAGE_LIMIT])


def _is_text(value: str) -> bool:
    """Whether the API can take it: JSON may name halves of characters, which are none."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def run_results() -> int:
    """Sidecar: wait until the kubelet says that the command has ended, then print its results."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()
    sys.stdout.write(MARK + json.dumps(collect(FOLDER)) + "\n")
    sys.stdout.flush()
    return 0
