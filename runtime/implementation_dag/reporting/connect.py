"""The forge that settings name: who reads it, who tells it, who reviews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from implementation_dag.base.errors import StepError
from implementation_dag.contract.settings import Forge
from implementation_dag.forge.app import APP_ID, REPORTER, REVIEWER, App
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.github import HEADERS, GitHubReader
from implementation_dag.forge.identity import Account, Identity, Place
from implementation_dag.forge.port import Approver, Reader, Teller

from .gitea import GiteaTeller
from .gitea_reviews import GiteaReviews
from .github import GitHubTeller
from .github_reviews import GitHubReviews
from .reviews import Reviewer


@dataclass(frozen=True)
class Connection:
    """What speaks to the forge."""

    reader: Reader
    teller: Teller
    approver: Approver


def connect(forge: Forge, release: str) -> Connection:
    """Return what speaks to the forge; nothing is asked yet. Raises StepError where credentials are of another kind."""
    ca_file = Path(forge.ca_file) if forge.ca_file else None
    reporter, qa = Path(forge.reporter), Path(forge.qa)
    if forge.kind == "github":
        place = Place(forge.url, ca_file, HEADERS)
        if not (reporter / APP_ID).is_file():
            raise StepError(f"forge.reporter is {forge.reporter}: a GitHub App's {APP_ID} is needed, for check runs")
        app = App(place, reporter, REPORTER)
        reviewer: Identity = App(place, qa, REVIEWER) if (qa / APP_ID).is_file() else Account(place, qa)
        reader: Reader = GitHubReader(app)
        approver = Reviewer(reader, GitHubReviews(reviewer), release, forge.on_failure)
        return Connection(reader, GitHubTeller(app, release), approver)
    if forge.kind == "gitea":
        place = Place(forge.url, ca_file)
        account = Account(place, reporter)
        reader = Gitea(account.caller("", ""))
        approver = Reviewer(reader, GiteaReviews(Account(place, qa)), release, forge.on_failure)
        return Connection(reader, GiteaTeller(account, release), approver)
    raise StepError(f"forge.kind is {forge.kind}: there is no forge to speak to")
