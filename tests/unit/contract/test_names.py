"""Names are DNS-safe, short enough and do not collide."""

import itertools
import re

import pytest

from implementation_dag.contract import names

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
# What names of Services must be, too.
DNS_1035_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")
REPOSITORIES = [
    *("shop", "Shop", "shop.api", "shop-api", ".github", "_", "-", "x_y", "." * 3 + "z"),
    *("9lives", "2048", "r2048", "1e5", "0x10", "true", "null", "1.0"),
    *("a" * 40, "a" * 41, "a" * 53, "a" * 100, "9" * 40),
]


def test_the_spec_s_names() -> None:
    assert names.namespace("acme", "shop", "7", "cluster") == "impl-pr-7"
    assert names.namespace("acme", "shop", "7", "cluster", "impl-dev") == "impl-dev-pr-7"
    assert names.release("shop", "7") == "shop-pr-7"


@pytest.mark.parametrize("repo", REPOSITORIES)
@pytest.mark.parametrize("pr", ["1", "999999999"])
def test_names_fit(repo: str, pr: str) -> None:
    release, namespace = names.release(repo, pr), names.namespace("acme", repo, pr, "repo")
    assert DNS_1035_LABEL.match(release), release
    assert len(release) <= 53
    assert DNS_LABEL.match(namespace), namespace
    assert len(namespace) <= 63
    assert release.endswith(f"-pr-{pr}")
    assert namespace.endswith(f"-pr-{pr}")


def test_names_of_different_repositories_differ() -> None:
    different = [name for name in REPOSITORIES if name != "Shop"]  # GitHub's names ignore case
    assert len({names.release(name, "7") for name in different}) == len(different)
    namespaces = {names.namespace(owner, name, "7", "repo") for name in different for owner in ("acme", "evil")}
    assert len(namespaces) == 2 * len(different)


def test_names_of_repositories_ignore_case() -> None:
    for repo in REPOSITORIES:
        assert names.release(repo.upper(), "7") == names.release(repo, "7")


@pytest.mark.parametrize("repo", REPOSITORIES)
def test_label_values_are_valid(repo: str) -> None:
    assert re.match(r"(([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9])?\Z", names.label_value(repo))


@pytest.mark.parametrize("length", [5, 51, 56, 57, 63])
def test_a_run_s_docsruns_fit_into_a_label_and_differ(length: int) -> None:
    found = {names.docsrun("w" * (length - 1) + end, purpose) for end in "ab" for purpose in ("deploy", "uninstall")}
    assert len(found) == 4
    assert all(len(name) <= 63 and DNS_LABEL.match(name) for name in found)
    assert names.docsrun("demo-x1", "deploy") == "demo-x1-deploy"


def test_two_owners_repositories_of_one_name_answer_at_two_hosts() -> None:
    def host(owner: str, scope: str) -> str:
        namespace = names.namespace(owner, "shop", "7", scope)
        return names.host(names.release("shop", "7"), namespace, "preview.example.com", scope)

    assert host("acme", "cluster") == "shop-pr-7.preview.example.com"
    assert host("acme", "repo") != host("other", "repo")


OWNERS = [
    "acme",
    "Acme",
    "a_b",
    "a-b",
    "a",
    "-a",
    "_a",
    "_refused",
    ".",
    "..",
    "a/b",
    "a\n",
    "",
    "аcme",
    "a" * 101,
    "$(A)",
]
NUMBERS = ["7", "07", "70", "seven", "", "7\n", "1" * 10, "{{=7}}"]


def test_two_runs_evidence_never_lies_in_one_place() -> None:
    """Two runs that are not the same in every name: a name that stands in a key stands as it is."""
    repositories = [*REPOSITORIES, "_github", "..", ".", "a/b", "x\n", "{{=1}}"]
    given = list(itertools.product(OWNERS, repositories, NUMBERS))
    prefixes: dict[str, tuple[str, str, str]] = {}
    for owner, repo, pr in given:
        prefix = names.evidence_prefix(owner, repo, pr, "w", "ns")
        if not prefix.startswith("_refused/ns/"):
            assert prefixes.setdefault(prefix, (owner, repo, pr)) == (owner, repo, pr)
            assert prefix == f"{owner}/{repo}/pr-{pr}/w"
    assert len(prefixes) > 100


@pytest.mark.parametrize(
    "hostile", [("..", "x", "7"), ("a", "..", "7"), ("a/b", "x", "7"), ("a", "x", "7/../8"), ("_refused", "x", "1")]
)
def test_what_cannot_be_a_name_lies_apart_by_its_workflow(hostile: tuple[str, str, str]) -> None:
    assert names.evidence_prefix(*hostile, "w", "ns") == "_refused/ns/w"
