"""set-params on any arguments that are allowed one by one: names that Kubernetes takes, or words for a person."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from implementation_dag.base.errors import CommandError
from implementation_dag.contract import branch
from implementation_dag.contract.arguments import complete
from implementation_dag.contract.parameters import BY_NAME, PARAMETERS, Number, Parameter, Text, decimal
from implementation_dag.steps import set_params
from tests.unit.steps.test_set_params import IDENTITY
from tests.unit.steps.test_set_params import told as of_step

LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")
HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
PULLS = ("1", "7", "999999999")
BRANCHES = ("fix/größe", "{{=sprig.repeat(3,'ab')}}", "x/$(SETTINGS)", "user's-fix", "100%", "b" * 200)


def values(parameter: Parameter) -> st.SearchStrategy[str]:
    """Texts that the parameter allows, rarely one that it does not."""
    limits = parameter.limits
    if isinstance(limits, Number):
        return st.integers(limits.minimum * 10**limits.decimals, limits.maximum * 10**limits.decimals).map(
            lambda number: decimal(number / 10**limits.decimals) if limits.decimals else str(number)
        )
    assert isinstance(limits, Text)
    return st.from_regex(limits.pattern, fullmatch=True).filter(limits.fits)


CHOSEN = {parameter.name: values(parameter) for parameter in PARAMETERS} | {
    "pr": st.sampled_from(PULLS),
    # Long ones are rare among those that a pattern gives.
    "repo": values(BY_NAME["repo"]) | st.text("aZ0._-", min_size=40, max_size=100).filter(BY_NAME["repo"].accepts),
    "branch": st.sampled_from(BRANCHES) | st.just("") | values(BY_NAME["branch"]),
    "commit": st.sampled_from(["", "HEAD", "HEAD"]) | values(BY_NAME["commit"]),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository whose pull requests are at branches of unusual names."""
    folder = tmp_path_factory.mktemp("generated") / "any"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
    for number, pull in enumerate(PULLS):
        message = f"--message={number}"
        subprocess.run(["git", *IDENTITY, "commit", "--quiet", "--allow-empty", message], cwd=folder, check=True)
        for name in (f"refs/pull/{pull}/head", *(f"refs/heads/{one}" for one in BRANCHES[number * 2 : number * 2 + 2])):
            subprocess.run(["git", "update-ref", name, "HEAD"], cwd=folder, check=True)
    yield folder
    shutil.rmtree(folder.parent)


@settings(deadline=None, max_examples=80)
@given(
    st.fixed_dictionaries(CHOSEN),
    st.sampled_from(["cluster", "repo"]),
    st.from_regex(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", fullmatch=True),
)
def test_each_name_is_one_that_kubernetes_takes_or_a_person_is_told(
    repository: Path, arguments: dict[str, str], scope: Literal["cluster", "repo"], prefix: str
) -> None:
    owner, repo = arguments["owner"], arguments["repo"]
    place = repository.parent / "hosted" / owner / f"{repo}.git"
    place.parent.mkdir(parents=True)
    place.symlink_to(repository)
    told = of_step(f"file://{repository.parent / 'hosted'}", scope, prefix)
    if arguments["commit"] == "HEAD":
        head = ["git", "rev-parse", f"refs/pull/{arguments['pr']}/head"]
        arguments["commit"] = subprocess.run(head, cwd=repository, check=True, capture_output=True, text=True).stdout[
            :9
        ]
    try:
        found = set_params.parameters(complete(arguments), told, "run-1", "workflows")
    except CommandError as error:
        assert all(line.isprintable() for line in str(error).splitlines()), str(error)
        return
    finally:
        shutil.rmtree(repository.parent / "hosted")
    for name in ("NS", "RELEASE"):
        assert LABEL.match(found[name]), found
    assert len(found["NS"]) <= 63
    assert len(found["RELEASE"]) <= 53
    assert HOST.match(found["HOST"]), found
    assert len(found["HOST"]) <= 253
    assert re.fullmatch("[0-9a-f]{40}", found["COMMIT"])
    assert found["COMMIT"].startswith(arguments["commit"])
    # Argo and the kubelet would put something else in its place.
    assert not re.search(r"[{}$]", "".join(found.values())), found
    chosen = branch.decoded(found["BRANCH"])
    assert chosen == arguments["branch"] or (not arguments["branch"] and chosen in ("", *BRANCHES))
