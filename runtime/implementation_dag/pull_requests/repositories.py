"""Which repositories are ours: those that values name, alone or with all others of an owner."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Repositories:
    """Patterns `owner/repo` or `owner/*`; names ignore case, as at every forge."""

    patterns: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Repositories:
        """Read a JSON list."""
        return cls(tuple(str(pattern).lower() for pattern in json.loads(text)))

    def has(self, owner: str, repo: str) -> bool:
        """Say whether a repository is ours."""
        return any(name in self.patterns for name in (f"{owner}/{repo}".lower(), f"{owner}/*".lower()))

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Those that are named alone, as owner and name: they are polled."""
        found = (pattern.split("/", 1) for pattern in self.patterns if not pattern.endswith("/*"))
        return tuple((owner, repo) for owner, repo in found)
