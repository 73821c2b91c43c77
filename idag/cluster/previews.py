"""The previews of a release, as their namespaces tell."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lightkube.resources.core_v1 import Namespace

from idag.cluster.release import Release
from idag.cluster.target import Pull
from implementation_dag.contract import labels

Object = dict[str, Any]


@dataclass(frozen=True, order=True)
class Preview:
    """A preview: whose it is, its namespace, where it answers, and when it goes; empty is unknown."""

    pull: Pull
    namespace: str
    url: str
    expires: str
    phase: str

    def document(self) -> Object:
        """It as data."""
        return asdict(self) | {"pull": str(self.pull)}


def listed(release: Release, wanted: Pull | None = None) -> list[Preview]:
    """Return the release's previews; of one pull request only when it is given. Raises ClusterError."""
    selector = {labels.PREVIEW: "true", labels.RELEASE: release.name}
    found = [_preview(item) for item in release.access.items("namespaces of previews", Namespace, labels=selector)]
    return sorted(one for one in found if wanted is None or one.pull.same(wanted))


def _preview(namespace: Object) -> Preview:
    meta = namespace["metadata"]
    told: Object = meta.get("annotations") or {}
    host = told.get(labels.HOST, "")
    return Preview(
        pull=Pull(
            *(str(told.get(key, "")) for key in (labels.OWNER_OF_PREVIEW, labels.REPO_OF_PREVIEW, labels.PR_OF_PREVIEW))
        ),
        namespace=str(meta["name"]),
        url=f"https://{host}" if host else "",
        expires=next((str(told[key]) for key in labels.EXPIRES if told.get(key)), ""),
        phase=str((namespace.get("status") or {}).get("phase") or ""),
    )
