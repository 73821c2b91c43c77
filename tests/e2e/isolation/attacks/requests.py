"""Requests to the API server with the token of an identity of the pipeline, as whoever got hold of it would send."""

from __future__ import annotations

import json
import threading
from typing import Any

import yaml

from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.certificates import GIT_HOST
from scripts.lab.stand.release import GIT_SECRET, S3_SECRET

from . import layers
from .box import Box
from .corpus import Case

# Requests share names of objects, and an identity that is let do everything.
ALONE = threading.Lock()
# Beside those that every case may name.
NAMES = {"GIT_URL": f"https://{GIT_HOST}", "GIT_SECRET": GIT_SECRET, "S3_SECRET": S3_SECRET}


def request(box: Box, case: Case) -> str:
    """Send the case's request; the API server's words, or that it was let in."""
    given = filled(box, case.given)
    account = f"{box.release}-{given['as']}"
    with ALONE, layers.empowered(box.hands, account if "rbac" in box.without else ""):
        if before := given.get("before"):
            box.kubectl.apply([before])
        try:
            return send(box.acting(account), box.kubectl, given)
        finally:
            if before:
                remove(box.kubectl, before)


def filled(box: Box, given: dict[str, Any]) -> dict[str, Any]:
    """The request with the names of this installation."""
    found: dict[str, Any] = yaml.safe_load(named(box, yaml.safe_dump(given)))
    return found


def named(box: Box, text: str) -> str:
    """The text with the names of this installation, those of its git server and Secrets included."""
    for name, value in (NAMES | {"IMAGE": box.image}).items():
        text = text.replace(name, value)
    return box.filled(text)


def send(acting: Kubectl, administrator: Kubectl, given: dict[str, Any]) -> str:
    """Create an object, apply or patch one (dry runs: they are others'), or run kubectl as given; what comes back."""
    try:
        if made := given.get("create"):
            name = acting.create(made)
            remove(administrator, made | {"metadata": made["metadata"] | {"name": name}})
            return f"let in: {name}"
        if made := given.get("apply"):
            flags = ["--server-side", "--force-conflicts", "--dry-run=server", "--filename=-"]
            return "let in: " + acting.run("apply", *flags, stdin=json.dumps(made))
        if patch := given.get("patch"):
            flags = ["--type=merge", f"--patch={json.dumps(given['with'])}", "--dry-run=server"]
            return "let in: " + acting.run("patch", *patch.split(), *flags)
        return "let in: " + acting.run(*given["kubectl"].split())
    except LabError as error:
        return str(error)


def remove(administrator: Kubectl, made: dict[str, Any]) -> None:
    """Take away what was let in, and should not have been."""
    metadata = made["metadata"]
    place = [f"--namespace={metadata['namespace']}"] if "namespace" in metadata else []
    finalizers = ["--type=merge", '--patch={"metadata":{"finalizers":null}}']
    if metadata.get("finalizers"):
        administrator.run("patch", made["kind"], metadata["name"], *place, *finalizers)
    administrator.run("delete", made["kind"], metadata["name"], *place, "--ignore-not-found", "--wait=false")
