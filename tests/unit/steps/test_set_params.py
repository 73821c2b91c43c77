"""set-params on real repositories: every name of the run, one commit, and words for what cannot be."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from implementation_dag.base.errors import ArgumentError
from implementation_dag.contract import branch
from implementation_dag.contract.parameters import PARAMETERS
from implementation_dag.steps import set_params

ACCEPTANCE = yaml.safe_load(
    (Path(__file__).parents[3] / "charts/implementation-dag/values.yaml").read_text(encoding="utf-8")
)["acceptance"]
IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


@dataclass(frozen=True)
class Step:
    """A repository acme/shop, and what the step is told of it."""

    repository: Path
    outputs: Path
    patch: pytest.MonkeyPatch

    def commit(self, *references: str) -> str:
        """Put one more commit at the references."""
        self.git(*IDENTITY, "commit", "--quiet", "--allow-empty", "--message=x")
        for name in references:
            self.git("update-ref", name, "HEAD")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def __call__(self, **arguments: str) -> dict[str, str]:
        """Run the step; its output parameters."""
        for name, value in arguments.items():
            argument(self.patch, name, value)
        assert set_params.main() == 0
        return {path.name: path.read_text(encoding="utf-8") for path in self.outputs.iterdir()}


def argument(patch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Give a workflow's argument as the WorkflowTemplate does."""
    patch.setenv(f"ARG_{name}", base64.b64encode(value.encode()).decode())


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    repository = tmp_path / "acme" / "shop.git"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", repository], check=True)
    told = {
        "git": {"baseUrl": f"file://{tmp_path}"},
        "namespace": {"scope": "cluster", "prefix": "impl"},
        "acceptance": ACCEPTANCE,
    }
    defaults = {parameter.name: parameter.default for parameter in PARAMETERS if parameter.default is not None}
    given = {"owner": "acme", "repo": "shop", "pr": "7", "domain": "preview.example.com"}
    for name, value in (defaults | given).items():
        argument(monkeypatch, name, value)
    outputs = tmp_path / "outputs"
    env = {"SETTINGS": yaml.safe_dump(told), "OUTPUTS": str(outputs), "WORKFLOW": "run-1", "NAMESPACE": "workflows"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return Step(repository, outputs, monkeypatch)


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
def test_a_bad_argument_is_refused_before_anybody_is_asked(step: Step, name: str, value: str) -> None:
    step.patch.setenv("PATH", "/nowhere")
    with pytest.raises(ArgumentError, match=f"parameter '{name}' is '{value}': must be"):
        step(**{name: value})
