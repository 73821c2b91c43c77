"""The forge of the installation: who reads, who tells, who reviews, each by its own credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.forge.errors import ForgeError
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.http import Caller
from implementation_dag.forge.port import Approver, Reader, Teller

from .settings import Told


@dataclass(frozen=True)
class Forge:
    """What can be asked of a forge, who tells it, and who reviews; nobody does what is None."""

    reader: Reader
    teller: Teller | None = None
    approver: Approver | None = None


def forge(told: Told, env: Mapping[str, str] = os.environ) -> Forge | None:
    """Return the forge that values name, None where there is none. FORGE_REPORTER is a folder with its token.

    Raises StepError.
    """
    if told.decision.kind == "none":
        return None
    if told.decision.kind != "gitea":
        raise StepError(f"forge.kind is {told.decision.kind}: this version reads gitea alone")
    file = Path(env["FORGE_REPORTER"], "token")
    return Forge(Gitea(Caller(told.url, lambda: f"token {_token(file)}")))


def _token(file: Path) -> str:
    """Read at each call: it may be renewed."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ForgeError(f"{file}: the token cannot be read: {type(error).__name__}") from None
