"""The receiver of webhooks: it stores that there is something to look at, and only then says yes.

It holds no token of the forge, and can do nothing in the cluster but create and patch Previews.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.types import PatchType
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from implementation_dag.base import kube, metrics, moments
from implementation_dag.base.log import about, clean, settle
from implementation_dag.contract import labels, names

from . import deliveries, objects
from .repositories import Repositories
from .serving import Bodies, serve

LOG = logging.getLogger("receiver")
PORT = 8080
API_SECONDS = 5.0
LATER = {"Retry-After": "10"}
# So many commands of one person at one pull request are put down in a minute; of those beyond, lists tell.
MOST_COMMANDS, MINUTE = 10, 60.0
DELIVERIES = metrics.counter("webhook_deliveries", "Deliveries of the forge's webhook, by the answer's status.", "code")
# Those that tell of a fault of ours, or of the forge's settings.
metrics.begin(DELIVERIES, ("401",), ("503",))
DURATION = metrics.histogram(
    "webhook_duration_seconds", "Time from a delivery's first byte to its answer.", buckets=metrics.SHORT_SECONDS
)
Store = Callable[[deliveries.Hint, str], None]


class Full(Exception):
    """The API server does not store it now; the forge has to deliver it again."""


def application(secrets: Callable[[], list[bytes]], repositories: Repositories, store: Store) -> Starlette:
    """Return the application. `store` raises Full."""
    bodies, turns = Bodies(), Turns()

    async def webhook(request: Request) -> Response:
        with DURATION.time():
            response = await answer(request)
        DELIVERIES.labels(response.status_code).inc()
        return response

    async def answer(request: Request) -> Response:
        try:
            body = await bodies.whole(request.stream())
            headers = {key.lower(): value for key, value in request.headers.items()}
            found = deliveries.hints(headers, body, secrets())
            number = deliveries.delivery(headers)
            ours = [hint for hint in found if repositories.has(hint.owner, hint.repo)]
            for hint in ours:
                await run_in_threadpool(store, turns.taken(hint), number)
        except deliveries.Rejected as error:
            return PlainTextResponse(f"{error}\n", error.status, headers=LATER if error.status == 503 else None)
        except ClientDisconnect:
            return PlainTextResponse("the request was not complete\n", 400)
        except Full as error:
            LOG.warning("not stored: %s", clean(str(error)))
            return PlainTextResponse("not stored, deliver it again\n", 503, headers=LATER)
        for hint in ours:
            with about(repo=f"{hint.owner}/{hint.repo}", pr=str(hint.number)):
                LOG.info("%s/%s#%d is to be looked at (delivery %s)", hint.owner, hint.repo, hint.number, number)
        return PlainTextResponse("stored\n" if ours else "nothing to look at\n", 202 if ours else 200)

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n" if any(secrets()) else "no webhook secret\n", 200 if any(secrets()) else 503)

    return Starlette(routes=[Route("/webhook", webhook, methods=["POST"]), Route("/healthz", health)])


class Turns:
    """Counts commands, so that nobody fills a Preview with his own: who may write is not known here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has said anything."""
        self._clock, self._began = clock, clock()
        self._counts: Counter[tuple[str, str, int, str]] = Counter()

    def taken(self, hint: deliveries.Hint) -> deliveries.Hint:
        """Return the hint, without its comment where its author has had his turns: then it is news alone."""
        if not hint.comment:
            return hint
        if self._clock() - self._began >= MINUTE:
            self._counts.clear()
            self._began = self._clock()
        who = (hint.owner.lower(), hint.repo.lower(), hint.number, hint.author.lower())
        self._counts[who] += 1
        return hint if self._counts[who] <= MOST_COMMANDS else replace(hint, comment=0)


def wish(hint: deliveries.Hint, delivery: str, now: datetime) -> dict[str, Any]:
    """Return what is laid over a Preview: a reason to look, and what was asked for. Laid over twice it is the same."""
    asked: dict[str, Any] = {}
    if hint.comment:
        asked["commands"] = {str(hint.comment): {}}
    if hint.retest:
        asked["retest"] = hint.retest
    look = f"{now.strftime('%Y-%m-%dT%H:%M:%S.%fZ')} {delivery}"
    return {"metadata": {"annotations": {labels.LOOK: look}}, "spec": asked}


def store(client: Client, namespace: str, hint: deliveries.Hint, delivery: str) -> None:
    """Create or patch the Preview. Where it has no room for a command there is still news. Raises Full."""
    name, asked = names.pull_request(hint.owner, hint.repo, hint.number), wish(hint, delivery, moments.now())
    item = objects.new(hint.owner, hint.repo, hint.number, namespace)
    item["metadata"] |= asked["metadata"]
    item["spec"] |= asked["spec"]
    try:
        # It is mostly there. Between the two calls somebody else may make it.
        for _ in range(2):
            if _patched(client, name, namespace, asked) or _created(client, item):
                return
        raise Full(f"Preview {name} comes and goes")
    except (ApiError, httpx2.HTTPError) as error:
        if hint.comment and isinstance(error, ApiError) and error.status.code == 422:
            LOG.warning("Preview %s: no room for comment %d, which a list has to tell of", name, hint.comment)
            store(client, namespace, replace(hint, comment=0), delivery)
            return
        raise Full(f"Preview {name}: {error}") from error


def _patched(client: Client, name: str, namespace: str, asked: Mapping[str, Any]) -> bool:
    try:
        client.patch(objects.Resource, name, dict(asked), namespace=namespace, patch_type=PatchType.MERGE)
    except ApiError as error:
        if error.status.code != 404:
            raise
        return False
    return True


def _created(client: Client, item: dict[str, Any]) -> bool:
    try:
        client.create(objects.Resource.from_dict(item))
    except ApiError as error:
        if error.status.code != 409:
            raise
        return False
    return True


def _secrets(folder: Path) -> list[bytes]:
    """The secrets in the folder of the mounted Secret, read anew each time: two while one takes the other's place."""
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return [found for path in files if (found := path.read_bytes().strip())]


def main() -> int:
    """Serve until told to stop. Reads NAMESPACE, REPOSITORIES (JSON) and WEBHOOK_SECRETS, a folder of secrets."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    settle()
    namespace, folder = os.environ["NAMESPACE"], Path(os.environ["WEBHOOK_SECRETS"])
    client = Client(field_manager=f"{kube.FIELD_MANAGER}-receiver", timeout=httpx2.Timeout(API_SECONDS))
    app = application(
        lambda: _secrets(folder),
        Repositories.read(os.environ["REPOSITORIES"]),
        lambda hint, number: store(client, namespace, hint, number),
    )
    metrics.serve()
    serve(app, int(os.environ.get("PORT", str(PORT))))
    return 0
