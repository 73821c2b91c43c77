"""set-params on real repositories: every name of the run, one commit, and words for what cannot be."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import yaml

from implementation_dag.base.errors import ArgumentError
from implementation_dag.contract import arguments, branch, settings
from implementation_dag.contract.parameters import PARAMETERS
from implementation_dag.steps import set_params

ACCEPTANCE = yaml.safe_load(
    (Path(__file__).parents[3] / "charts/implementation-dag/values.yaml").read_text(encoding="utf-8")
)["acceptance"]
GIVEN = {parameter.name: parameter.default for parameter in PARAMETERS if parameter.default is not None}
GIVEN |= {"owner": "acme", "repo": "shop", "pr": "7", "domain": "preview.example.com"}
IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


@dataclass(frozen=True)
class Step:
    """A repository acme/shop, and what the step is told of it."""

    repository: Path
    told: settings.OfProvisioner

    def commit(self, *references: str) -> str:
        """Put one more commit at the references."""
        self.git(*IDENTITY, "commit", "--quiet", "--allow-empty", "--message=x")
        for name in references:
            self.git("update-ref", name, "HEAD")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def __call__(self, **given: str) -> dict[str, str]:
        """Do the step; its output parameters."""
        return set_params.parameters(arguments.complete(GIVEN | given), self.told, "run-1", "workflows")


def told(base_url: str, scope: Literal["cluster", "repo"] = "cluster", prefix: str = "impl") -> settings.OfProvisioner:
    """What the step goes by."""
    return settings.OfProvisioner(
        settings.Installation("1", "runtime:1", cluster_scoped=True),
        settings.Git(base_url),
        settings.Namespace(scope, prefix),
        ACCEPTANCE,
        settings.Preview(24, "restricted", 300, (), {}, {}),
    )


@pytest.fixture
def step(tmp_path: Path) -> Step:
    repository = tmp_path / "acme" / "shop.git"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", repository], check=True)
    return Step(repository, told(f"file://{tmp_path}"))


def test_the_head_of_the_pull_request_names_the_run(step: Step) -> None:
    step.commit("refs/heads/main")
    head = step.commit("refs/pull/7/head", "refs/heads/feature/ä")
    step.git("symbolic-ref", "HEAD", "refs/heads/main")
    found = step()
    assert (found["COMMIT"], found["BRANCH"]) == (head, branch.encoded("feature/ä"))
    assert (found["NS"], found["RELEASE"]) == ("impl-pr-7", "shop-pr-7")
    assert found["HOST"] == f"{found['RELEASE']}.preview.example.com"
    assert found["ACCEPTANCE_REPORT"].endswith("/acceptance/report.json")


def test_an_earlier_commit_of_it_is_taken_by_its_beginning(step: Step) -> None:
    earlier = step.commit()
    step.commit("refs/pull/7/head")
    assert step(commit=earlier[:9])["COMMIT"] == earlier


def test_a_commit_that_is_not_its_is_refused(step: Step) -> None:
    step.commit("refs/pull/7/head")
    other = step.commit("refs/heads/other")
    with pytest.raises(ArgumentError, match=f"parameter 'commit' is '{other}': not a commit of pull request 7"):
        step(commit=other)


def test_no_such_pull_request_is_told(step: Step) -> None:
    step.commit("refs/pull/8/head")
    with pytest.raises(ArgumentError, match=r"'pr' is '7': .* has no such pull request"):
        step()


def test_two_branches_at_the_head_are_not_chosen_between(step: Step) -> None:
    step.commit("refs/pull/7/head", "refs/heads/one", "refs/heads/two")
    step.git("symbolic-ref", "HEAD", "refs/heads/main")
    with pytest.raises(ArgumentError, match="name one of one, two"):
        step()
    assert step(branch="two")["BRANCH"] == branch.encoded("two")


@pytest.mark.parametrize(("name", "value"), [("pr", "0"), ("owner", "-x"), ("repo", "a/b"), ("commit", "abc")])
def test_a_bad_argument_is_refused_before_anybody_is_asked(
    step: Step, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ArgumentError, match=f"parameter '{name}' is '{value}': must be"):
        step(**{name: value})
