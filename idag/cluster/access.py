"""The way to a cluster's API server, and what it says when it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import httpx2
from lightkube import ApiError, Client
from lightkube.core.exceptions import ConfigError

from idag.cluster import credential, kubeconfig
from idag.cluster.errors import ClusterError
from implementation_dag.base import kube
from implementation_dag.base.log import clean

Object = dict[str, Any]
Result = TypeVar("Result")


class Access:
    """The cluster of a context of the kubeconfig, the current one without a name. Every method raises ClusterError."""

    def __init__(self, context: str = "") -> None:
        self._config, self._plugin = kubeconfig.chosen(context)
        self._credential: credential.Credential | None = None
        self._client: Client | None = None

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._config.cluster.server

    @property
    def namespace(self) -> str:
        """The context's own namespace."""
        return self._config.namespace

    @property
    def client(self) -> Client:
        """A client; another one when a plugin's credential is about to end."""
        if self._client is None or (self._credential and not self._credential.fresh):
            config = self._config
            if self._plugin:
                self._credential = credential.ask(self._plugin, config.cluster)
                config = config._replace(user=self._credential.user)
            try:
                self._client = Client(config=config, field_manager=kube.FIELD_MANAGER)
            except (ConfigError, OSError, ValueError, httpx2.InvalidURL) as error:
                raise ClusterError(f"{kubeconfig.described()} cannot be used: {error}") from None
        return self._client

    def ask(self, what: str, call: Callable[[Client], Result]) -> Result:
        """Return `call(client)`; `what` says in the error what could not be done."""
        with self._explained(what):
            return call(self.client)

    def items(self, what: str, resource: Any, **options: Any) -> list[Object]:
        """Return all objects of a kind."""
        return self.ask(
            f"list {what}", lambda client: [kube.as_dict(item) for item in client.list(resource, **options)]
        )

    def find(self, what: str, resource: Any, name: str, **options: Any) -> Object | None:
        """Return an object, None when it is not there."""

        def got(client: Client) -> Object | None:
            try:
                return kube.as_dict(client.get(resource, name, **options))
            except ApiError as error:
                if error.status.code == 404:
                    return None
                raise

        return self.ask(f"read {what}", got)

    @cached_property
    def version(self) -> str:
        """The API server's version."""

        def asked(client: Client) -> str:
            # lightkube has no call for what is no resource.
            answer = client._client._client.get("/version").raise_for_status()
            return clean(str(answer.json()["gitVersion"]))[:100]

        return self.ask("reach the API server", asked)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            raise ClusterError(f"cannot {what}: {error.status.message} ({error.status.reason})") from None
        except httpx2.HTTPStatusError as error:
            raise ClusterError(f"cannot {what}: {self.server} answers HTTP {error.response.status_code}") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ConfigError, OSError) as error:
            raise ClusterError(f"cannot {what}: {self.server} does not answer: {error}") from None
        except (ValueError, LookupError) as error:
            raise ClusterError(f"cannot {what}: {self.server} answers what no API server does: {error}") from None
