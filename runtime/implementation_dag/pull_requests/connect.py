"""The forge of the installation: who reads, who tells, who reviews, each by its own credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.forge.app import APP_ID, READER, REPORTER, REVIEWER, App
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.github import HEADERS, GitHubReader
from implementation_dag.forge.identity import Account, Identity, Place
from implementation_dag.forge.port import Approver, Reader, Teller
from implementation_dag.reporting.gitea import GiteaTeller
from implementation_dag.reporting.gitea_reviews import GiteaReviews
from implementation_dag.reporting.github import GitHubTeller
from implementation_dag.reporting.github_reviews import GitHubReviews
from implementation_dag.reporting.reviews import Reviewer

from .patience import Patience
from .settings import Told


@dataclass(frozen=True)
class Forge:
    """What can be asked of a forge, who tells it, and who reviews, all of one budget; nobody does what is None."""

    reader: Reader
    teller: Teller | None = None
    approver: Approver | None = None
    patience: Patience = field(kw_only=True)


def forge(told: Told, env: Mapping[str, str] = os.environ) -> Forge | None:
    """Return the forge that values name, None where there is none; nothing is asked yet.

    FORGE_REPORTER, FORGE_READER where another than the reporter reads, and FORGE_QA where QA reviews are folders of
    credentials. Raises StepError.
    """
    kind = told.decision.kind
    if kind == "none":
        return None
    reporter, qa = Path(env["FORGE_REPORTER"]), Path(env["FORGE_QA"]) if env.get("FORGE_QA") else None
    reader, patience = Path(env.get("FORGE_READER", reporter)), Patience(told.calls_per_hour)
    connected = _github if kind == "github" else _gitea
    return connected(told, patience, reader, reporter, qa)


def _github(told: Told, patience: Patience, read_by: Path, reporter: Path, qa: Path | None) -> Forge:
    place = Place(told.url, headers=HEADERS, spend=patience.spend)
    if not (reporter / APP_ID).is_file():
        raise StepError(f"{reporter / APP_ID} is missing: GitHub takes check runs of a GitHub App alone")
    reader = GitHubReader(_at_github(replace(place, who="reader"), read_by, READER))
    teller = GitHubTeller(App(replace(place, who="reporter"), reporter, REPORTER), told.template)
    if qa is None:
        return Forge(reader, teller, patience=patience)
    reviews = GitHubReviews(_at_github(replace(place, who="qa"), qa, REVIEWER))
    approver = Reviewer(reader, reviews, told.template, told.on_failure)
    return Forge(reader, teller, approver, patience=patience)


def _at_github(place: Place, folder: Path, permissions: Mapping[str, str]) -> Identity:
    """An App, whose tokens get these permissions alone, or an account, whose token has those that it was made with."""
    return App(place, folder, permissions) if (folder / APP_ID).is_file() else Account(place, folder)


def _gitea(told: Told, patience: Patience, read_by: Path, reporter: Path, qa: Path | None) -> Forge:
    place = Place(told.url, spend=patience.spend)
    reader = Gitea(Account(replace(place, who="reader"), read_by).caller("", ""))
    teller = GiteaTeller(Account(replace(place, who="reporter"), reporter), told.template)
    if qa is None:
        return Forge(reader, teller, patience=patience)
    approver = Reviewer(reader, GiteaReviews(Account(replace(place, who="qa"), qa)), told.template, told.on_failure)
    return Forge(reader, teller, approver, patience=patience)
