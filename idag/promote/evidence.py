"""The evidence that a promotion rests on: the index.json of a run in the environment that was tested."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from idag import s3
from idag.promote.errors import PromoteError
from idag.promote.overlay import Release

Index = dict[str, Any]
HINT = "give --evidence the index.json of a run in the environment to promote from, as a file or s3://bucket/key"


def read(place: str) -> Index:
    """Return the index at `place`: a file, or s3://bucket/key. Raises PromoteError.

    For S3: S3_ENDPOINT (a URL; default https://s3.amazonaws.com), AWS_REGION, and credentials as `s3.client` has them.
    """
    if not place:
        raise PromoteError(f"no evidence: {HINT}")
    try:
        text = _from_s3(place) if place.startswith("s3://") else Path(place).read_bytes()
    except s3.ERRORS as error:
        raise PromoteError(f"evidence {place} cannot be read: {s3.words(error)}; {HINT}") from None
    try:
        # NaN compares with nothing: no threshold would refuse it.
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise PromoteError(f"evidence {place} is not JSON: {error}; {HINT}") from None
    if not isinstance(found, dict) or not {"result", "stages", "files", "pipeline", "workflow"} <= found.keys():
        raise PromoteError(f"evidence {place} is not an index.json of a run (result, stages, files, pipeline); {HINT}")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _from_s3(place: str) -> bytes:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise ValueError("it names no bucket, or no key in it")
    endpoint = os.environ.get("S3_ENDPOINT") or "https://s3.amazonaws.com"
    answer = s3.client(endpoint, os.environ.get("AWS_REGION") or "us-east-1").get_object(bucket, key)
    try:
        return bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()


def check(index: Index, tested: Release) -> None:
    """Refuse evidence that is not a good run of exactly `tested`. Raises PromoteError that names the difference."""
    name = index["workflow"]
    failed = [f"{stage} {result}" for stage, result in index["stages"].items() if result != "Succeeded"]
    if index["result"] != "Succeeded" or failed or not index["stages"]:
        raise PromoteError(f"run {name} did not succeed: {index['result']}; {', '.join(failed) or 'no stages'}")
    if not index["files"]:
        raise PromoteError(f"run {name} left no evidence: its index lists no file")
    pipeline = index["pipeline"]
    wanted = {"release": tested.name, "chart": tested.chart, "image": tested.digest}
    found = {
        "release": pipeline.get("release"),
        "chart": pipeline.get("chart"),
        "image": str(pipeline.get("image")).rpartition("@")[2],
    }
    if found != wanted:
        different = [f"{key} {found[key]}, not {wanted[key]}" for key in wanted if found[key] != wanted[key]]
        raise PromoteError(f"run {name} tested something else than {tested.environment} runs: {'; '.join(different)}")


def message(index: Index, tested: Release, to: str) -> str:
    """Return the commit message: what is promoted, which run tested it, and the whole index."""
    stages = ", ".join(f"{stage} {result}" for stage, result in index["stages"].items())
    pull_request = f"{index.get('owner')}/{index.get('repo')}#{index.get('pr')}"
    return (
        f"Promote chart {tested.chart} from {tested.environment} to {to}\n\n"
        f"Image {tested.digest}.\n"
        f"Tested commit {index['commit']}, seen running as {index['images']['application']}.\n"
        f"Tested by run {index['workflow']} of {pull_request}: {stages}.\n\n"
        f"Evidence index:\n{json.dumps(index, indent=2)}\n"
    )
