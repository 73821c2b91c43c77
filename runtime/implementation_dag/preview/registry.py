"""Wait until the registry has the image of the tested commit (crane does the talking: auth, redirects, indexes)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import Any

from implementation_dag.base import proxy, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import clean, say

REVISION_LABEL = "org.opencontainers.image.revision"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
POLL_SECONDS = 2
CALL_LIMIT = 60
REVISION_LIMIT = 100


@dataclass(frozen=True)
class Image:
    """What a tag points to: `digest` is sha256:..., `revision` the label's value or empty.

    `platforms` are the digests of an index's images: nodes name either when they tell what they run.
    """

    reference: str
    digest: str
    revision: str
    platforms: tuple[str, ...] = ()


def _crane(*arguments: str) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            ["crane", *arguments],
            env={**os.environ, **proxy.environment()},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CALL_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {CALL_LIMIT} s"
    return done.returncode == 0, (done.stdout if done.returncode == 0 else done.stderr).strip()


def look_up(repository: str, tag: str) -> Image | str:
    """Return the image behind the tag, or the registry's words why there is none."""
    found, digest = _crane("digest", f"{repository}:{tag}")
    if not found:
        return digest.splitlines()[-1] if digest else "no answer"
    # All else is read by digest: the tag may move between two calls.
    found, text = _crane("manifest", f"{repository}@{digest}")
    if not found:
        return text.splitlines()[-1] if text else "no answer"
    images = platforms(text)
    # Of an index the first image's: left to itself, crane takes amd64's and fails where there is none.
    found, text = _crane("config", f"{repository}@{images[0] if images else digest}")
    if not found:
        return text.splitlines()[-1] if text else "no answer"
    revision = _mapping(_mapping(_document(text).get("config")).get("Labels")).get(REVISION_LABEL)
    return Image(f"{repository}:{tag}", digest, clean(str(revision or ""))[:REVISION_LIMIT], images)


def platforms(manifest: str) -> tuple[str, ...]:
    """Return the digests of the images that an index names; none when the manifest is an image's own."""
    items = _document(manifest).get("manifests")
    digests = [_mapping(item).get("digest") for item in items] if isinstance(items, list) else []
    return tuple(digest for digest in digests if isinstance(digest, str) and DIGEST.match(digest))


def _document(text: str) -> dict[str, Any]:
    """What a registry hands out is whatever was pushed: a JSON object, empty where it is none."""
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def wait_for(repository: str, tag: str, commit: str, require_revision: bool, limit: float) -> Image:
    """Return the image `repository:tag` once it is there and, if demanded, was built from `commit`.

    `limit` is in seconds. Raises StepError with the registry's last words.
    """
    last = ""
    for _ in wait.rounds(limit, POLL_SECONDS):
        found = look_up(repository, tag)
        if isinstance(found, Image) and (found.revision == commit or not require_revision):
            say(f"image {found.reference} is {found.digest}, built from {found.revision or 'an unnamed commit'}")
            return found
        words = (
            found
            if isinstance(found, str)
            else f"its label {REVISION_LABEL} is {found.revision or 'missing'!r}, the tested commit is {commit}"
        )
        if words != last:
            say(f"waiting for image {repository}:{tag}: {words}")
            last = words
    raise StepError(
        f"image {repository}:{tag} of commit {commit} was not there within {limit:.0f} s: {words}. "
        "Has the CI of the repository pushed it? (values deploy.image.repository, waitSeconds, requireRevision)"
    )
