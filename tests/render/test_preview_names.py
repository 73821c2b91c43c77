"""A preview made beforehand has the names that a run computes, whatever its repository is called."""

from __future__ import annotations

import itertools
import random
import string

import pytest

from implementation_dag.contract import names
from implementation_dag.contract.parameters import BY_NAME
from scripts.chart.render.plugin import Renderer

OWNERS = ("acme", "2048", "true", "octocat_acme")
REPOSITORIES = ("shop", "Shop.API", "2048", "1e5", "true", "null", "9.9", ".github", "_", "a" * 40, "a" * 41, "a" * 100)
NUMBERS = (1, 10_000_000, 999_999_999)
DOMAIN = "previews.example.net"

LETTERS = string.ascii_letters + string.digits + "._-"


def any_previews(seed: int, count: int = 60) -> list[tuple[str, str, int]]:
    """Return pull requests of repositories with names of any kind that GitHub takes, short ones and long ones."""
    chance = random.Random(seed)  # noqa: S311
    found: list[tuple[str, str, int]] = []
    while len(found) < count:
        repo = "".join(chance.choices(LETTERS, k=chance.choice((1, 2, 5, 39, 40, 41, 53, 100))))
        if BY_NAME["repo"].accepts(repo):
            found.append((chance.choice(OWNERS), repo, chance.randint(1, 10 ** chance.randint(1, 9) - 1)))
    return found


@pytest.mark.parametrize("scope", ["cluster", "repo"])
def test_both_languages_compute_the_same_names(scope: str, render: Renderer) -> None:
    check(scope, list(itertools.product(OWNERS, REPOSITORIES, NUMBERS)), render)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scope", ["cluster", "repo"])
def test_both_languages_compute_the_same_names_of_any_repository(scope: str, seed: int, render: Renderer) -> None:
    check(scope, any_previews(seed), render)


def check(scope: str, given: list[tuple[str, str, int]], render: Renderer) -> None:
    """Render previews for all that is `given`, and compare each one's names with names.py's."""
    # With scope "cluster" a number is one preview's; names of repositories ignore case.
    distinct = {pr if scope == "cluster" else (owner, repo.lower(), pr): (owner, repo, pr) for owner, repo, pr in given}
    values = {
        "namespace": {"scope": scope, "prefix": "impl-shop"},
        "rbac": {"clusterScoped": False},
        "defaults": {"domain": DOMAIN},
        # A float, as helm reads numbers of a values file.
        "preview": {"precreated": [{"owner": o, "repo": r, "pr": float(pr)} for o, r, pr in distinct.values()]},
    }
    found = {item.name: item for item in render(values=values).of("Namespace")}
    assert len(found) == len(distinct)
    for owner, repo, pr in distinct.values():
        namespace = names.namespace(owner, repo, str(pr), scope, "impl-shop")
        release = names.release(repo, str(pr))
        told = found[namespace].annotations
        assert told["implementation-dag.dev/host"] == names.host(release, namespace, DOMAIN, scope)
        assert (told["implementation-dag.dev/owner"], told["implementation-dag.dev/repo"]) == (owner, repo)
        assert told["implementation-dag.dev/pr"] == str(pr)
        assert found[namespace].labels["pr"] == str(pr)
        assert found[namespace].labels["repo"] == names.label_value(repo)
