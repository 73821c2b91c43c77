"""The proxy that values name: for programs that go out of the cluster, not for requests to the API server or a box."""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

# The chart's value `proxy` as JSON. Under the usual names every program would take it, within the cluster too.
VARIABLE = "PROXY"


def environment() -> dict[str, str]:
    """Return the variables by which git, crane and helm find the proxy; none when there is none.

    In lower case, which all three read: curl takes http_proxy in no other.
    """
    return variables(os.environ.get(VARIABLE, ""))


def variables(given: str) -> dict[str, str]:
    """Return the same of the JSON `given`."""
    if not given:
        return {}
    values = json.loads(given)
    # A chart of a registry is fetched by the same helm that asks the API server.
    direct = ",".join(filter(None, [values["noProxy"], os.environ.get("KUBERNETES_SERVICE_HOST", "")]))
    found = {"http_proxy": values["httpProxy"], "https_proxy": values["httpsProxy"], "no_proxy": direct}
    return {name: value for name, value in found.items() if value}


def of(url: str) -> str | None:
    """Return the proxy by which `url` is asked, None when it is asked directly."""
    found, target = environment(), urlsplit(url)
    if proxy_bypass(target.netloc, {"no": found.get("no_proxy", "")}):
        return None
    return found.get(f"{target.scheme}_proxy")
