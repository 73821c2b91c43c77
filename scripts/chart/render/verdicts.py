"""What our own checks found of objects before: asked again only when the objects or what judges them changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache

from idag.render.cache import Cache, content_key, default_cache
from idag.render.manifests import Object
from scripts.chart.render.project import CHART, ROOT

# The judging code, the schemas, our own CRD, and the versions of the packages and programs that are used.
_JUDGES = (
    *(ROOT / "idag" / name for name in ("lint", "schemas", "render")),
    ROOT / "tools" / "schemas",
    CHART / "crds",
    ROOT / "requirements" / "dev.lock",
)


def remembered(
    judge: Callable[[], Iterable[object]], objects: Iterable[Object], *inputs: str, store: Cache | None = None
) -> list[str]:
    """Return what `judge` finds of the objects, one text a finding; `inputs` are what else it goes by."""
    key = [_code(), json.dumps(list(objects), sort_keys=True), *inputs]
    return list((store or default_cache()).remember(key, lambda: [str(found) for found in judge()]))


@cache
def _code() -> str:
    return " ".join(map(content_key, _JUDGES))
