"""The forge of the installation: who reads, who tells, who reviews, each by its own credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.forge.app import APP_ID, REPORTER, REVIEWER, App
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.github import HEADERS, GitHubReader
from implementation_dag.forge.identity import Account, Identity, Place
from implementation_dag.forge.port import Approver, Reader, Teller
from implementation_dag.reporting.gitea import GiteaTeller
from implementation_dag.reporting.gitea_reviews import GiteaReviews
from implementation_dag.reporting.github import GitHubTeller
from implementation_dag.reporting.github_reviews import GitHubReviews
from implementation_dag.reporting.reviews import Reviewer

from .settings import Told


@dataclass(frozen=True)
class Forge:
    """What can be asked of a forge, who tells it, and who reviews; nobody does what is None."""

    reader: Reader
    teller: Teller | None = None
    approver: Approver | None = None


def forge(told: Told, env: Mapping[str, str] = os.environ) -> Forge | None:
    """Return the forge that values name, None where there is none; nothing is asked yet.

    FORGE_REPORTER and, where QA reviews, FORGE_QA are folders of credentials. Raises StepError.
    """
    kind = told.decision.kind
    if kind == "none":
        return None
    reporter, qa = Path(env["FORGE_REPORTER"]), Path(env["FORGE_QA"]) if env.get("FORGE_QA") else None
    return _github(told, reporter, qa) if kind == "github" else _gitea(told, reporter, qa)


def _github(told: Told, reporter: Path, qa: Path | None) -> Forge:
    place = Place(told.url, headers=HEADERS)
    if not (reporter / APP_ID).is_file():
        raise StepError(f"{reporter / APP_ID} is missing: GitHub takes check runs of a GitHub App alone")
    app = App(place, reporter, REPORTER)
    reader, teller = GitHubReader(app), GitHubTeller(app, told.template)
    if qa is None:
        return Forge(reader, teller)
    who: Identity = App(place, qa, REVIEWER) if (qa / APP_ID).is_file() else Account(place, qa)
    return Forge(reader, teller, Reviewer(reader, GitHubReviews(who), told.template, told.on_failure))


def _gitea(told: Told, reporter: Path, qa: Path | None) -> Forge:
    place = Place(told.url)
    account = Account(place, reporter)
    reader, teller = Gitea(account.caller("", "")), GiteaTeller(account, told.template)
    if qa is None:
        return Forge(reader, teller)
    return Forge(reader, teller, Reviewer(reader, GiteaReviews(Account(place, qa)), told.template, told.on_failure))
