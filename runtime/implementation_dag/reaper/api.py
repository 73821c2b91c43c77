"""Calls of the API server that lightkube has no words for: metadata alone, and deletions that name what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
from lightkube import Client
from lightkube.core.generic_client import transform_exception

Object = dict[str, Any]
CALL_SECONDS = 10.0
PAGE = 500
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Api:
    """The API server. Each call raises ApiError when it refuses, httpx2.HTTPError when it does not answer in time."""

    def __init__(self, client: Client) -> None:
        self._client: httpx2.Client = client._client._client

    def listed(self, path: str, labels: str = "", *, whole: bool = False) -> Iterator[Object]:
        """Yield the objects of a list, page by page; their metadata alone unless they are wanted `whole`."""
        params: dict[str, str | int] = {"limit": PAGE} | ({"labelSelector": labels} if labels else {})
        headers = {} if whole else {"Accept": METADATA}
        while True:
            answer = self._call("GET", path, params=params, headers=headers)
            # Of no objects it is null, at times.
            yield from answer["items"] or ()
            if not (more := answer["metadata"].get("continue")):
                return
            params["continue"] = more

    def read(self, path: str) -> Object:
        """Return one object."""
        found: Object = self._call("GET", path)
        return found

    def delete(self, path: str, uid: str, version: str = "", *, kill: bool = False) -> None:
        """Delete the object of that uid, at that version where one is named; `kill`: without waiting for it to end."""
        conditions = {"uid": uid} | ({"resourceVersion": version} if version else {})
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": conditions,
            "propagationPolicy": "Background",
        }
        self._call("DELETE", path, json=options | ({"gracePeriodSeconds": 0} if kill else {}))

    def keep_finalizers(self, path: str, item: Object, kept: list[str]) -> None:
        """Leave these finalizers on an object, as it was read."""
        read = {key: item["metadata"][key] for key in ("uid", "resourceVersion")}
        headers = {"Content-Type": "application/merge-patch+json"}
        self._call("PATCH", path, json={"metadata": read | {"finalizers": kept}}, headers=headers)

    def create(self, path: str, item: Object) -> None:
        """Create an object."""
        self._call("POST", path, json=item)

    def _call(self, method: str, path: str, **given: Any) -> Any:
        answer = self._client.request(method, path, timeout=CALL_SECONDS, **given)
        try:
            answer.raise_for_status()
        except httpx2.HTTPStatusError as error:
            raise transform_exception(error) from None
        return answer.json()
