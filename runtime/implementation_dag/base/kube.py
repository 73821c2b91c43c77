"""The API server, by lightkube: plain dictionaries go in and come out where our own manifests are concerned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import httpx2
from lightkube import ApiError, Client
from lightkube.core import decoders
from lightkube.core.exceptions import ConfigError
from lightkube.core.resource import GlobalResource, NamespacedResource
from lightkube.generic_resource import create_namespaced_resource

from . import wait
from .errors import StepError
from .log import clean, say

FIELD_MANAGER = "implementation-dag"
RETRIES = 5
Workflow = create_namespaced_resource("argoproj.io", "v1alpha1", "Workflow", "workflows")
DocsRun = create_namespaced_resource("taskmaster.io", "v1", "DocsRun", "docsruns")
HTTPRoute = create_namespaced_resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
# Kinds that the chart may have the provisioner put into previews: known to lightkube by being named here.
PREVIEW_KINDS = (
    create_namespaced_resource("external-secrets.io", "v1", "ExternalSecret", "externalsecrets"),
    create_namespaced_resource("cert-manager.io", "v1", "Certificate", "certificates"),
    create_namespaced_resource("security.istio.io", "v1", "PeerAuthentication", "peerauthentications"),
    create_namespaced_resource("security.istio.io", "v1", "AuthorizationPolicy", "authorizationpolicies"),
)
Resource = TypeVar("Resource", bound=NamespacedResource)
Result = TypeVar("Result")


def client() -> Client:
    """Return a client with the pod's own identity (or KUBECONFIG's, outside a cluster). Raises StepError."""
    try:
        return Client(field_manager=FIELD_MANAGER)
    except ConfigError as error:
        raise StepError(f"no cluster: {error}") from None


def learn(*resources: type[NamespacedResource] | type[GlobalResource]) -> None:
    """Let lightkube find out how these are read, before threads read them.

    msgspec does that at the first reading of a type, and two threads that do it at once end in a segmentation fault.
    """
    decoders.decode_status(b"{}")
    for resource in resources:
        decoders.decode_list(b'{"items": []}', resource)


def persistently(what: str, call: Callable[[], Result]) -> Result:
    """Return `call()`, tried again while the API server is out of reach or overloaded.

    Raises StepError in words after five tries, or at once when the server refuses.
    """
    for attempt in range(1, RETRIES + 1):
        try:
            return call()
        except ApiError as error:
            status = error.status
            if status.code not in (429, 500, 502, 503, 504) or attempt == RETRIES:
                raise StepError(f"cannot {what}: {status.message} ({status.reason})") from error
            problem = str(status.message)
        except httpx2.HTTPStatusError as error:
            raise StepError(f"cannot {what}: the API server answers HTTP {error.response.status_code}") from error
        except httpx2.TransportError as error:
            if attempt == RETRIES:
                raise StepError(f"cannot {what}: the API server does not answer: {error}") from error
            problem = str(error)
        say(f"cannot {what} yet ({problem}); try {attempt + 1} of {RETRIES} in {attempt} s")
        wait.CLOCK.sleep(attempt)
    raise AssertionError("unreachable")


def server_version(client: Client) -> str:
    """Return the version of the API server, empty when it does not say."""
    try:
        # lightkube has no call for what is no resource.
        answer = client._client._client.get("/version")
        return clean(str(answer.raise_for_status().json()["gitVersion"]))[:100]
    except (httpx2.HTTPError, ValueError, LookupError, TypeError):
        return ""


def as_dict(item: Any) -> dict[str, Any]:
    """Return an object of lightkube as the dictionary that the API server sent."""
    result: dict[str, Any] = item.to_dict()
    return result
