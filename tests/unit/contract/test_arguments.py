"""The workflow's arguments are refused by name before anything is created."""

import pytest

from implementation_dag.base.errors import ArgumentError
from implementation_dag.contract import arguments
from implementation_dag.contract.parameters import BY_NAME

GOOD = {
    "owner": "acme",
    "repo": "shop",
    "pr": "7",
    "commit": "",
    "branch": "",
    "domain": "preview.example.com",
    "chartPath": "charts/app",
    "valuesFile": "values-preview.yaml",
    "imageTag": "pr-7",
    "min_success_pct": "0.95",
    "max_p95_ms": "1200",
    "requests_per_host": "10",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "a"),
        ("owner", "5dlabs"),
        ("owner", "octocat_acme"),
        ("owner", "a" * 39),
        ("repo", ".github"),
        ("commit", "abcdef1"),
        ("branch", "feature/a.b_c-1"),
        ("chartPath", "oci://ghcr.io/acme/charts/app:1.2.3"),
        ("chartPath", "."),
        ("chartPath", "..charts/a..b"),
        ("branch", "a.locked/b"),
        ("max_p95_ms", "600000"),
        ("min_success_pct", "1"),
    ],
)
def test_accepts(name: str, value: str) -> None:
    arguments.validate(GOOD | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", ""),
        ("owner", "-acme"),
        ("owner", "ac--me"),
        ("owner", "acme_"),
        ("owner", "_acme"),
        ("owner", "a-" * 30 + "a"),
        ("owner", "acme\n"),
        ("owner", "аcme"),
        ("owner", "a" * 40),
        ("repo", ".."),
        ("repo", "shop.git"),
        ("repo", "shop/x"),
        ("repo", "$(id)"),
        ("pr", "seven"),
        ("pr", "0"),
        ("pr", "-1"),
        ("pr", "7\n8"),
        ("pr", "{{workflow.name}}"),
        ("commit", "ABCDEF1"),
        ("commit", "abc"),
        ("branch", "a..b"),
        ("branch", "-x"),
        ("branch", "a.lock"),
        ("branch", "a/"),
        ("branch", "a."),
        ("branch", "@"),
        ("branch", "a@{b"),
        ("branch", "a/.b"),
        ("branch", "a.lock/b"),
        ("branch", "a" * 251),
        ("domain", "localhost"),
        ("domain", "exa_mple.com"),
        ("domain", "example.com."),
        ("chartPath", "/etc"),
        ("chartPath", "charts/../../x"),
        ("chartPath", ".."),
        ("chartPath", "--post-renderer"),
        ("chartPath", ""),
        ("chartPath", "a/.."),
        ("chartPath", "a\n"),
        ("chartPath", "a" * 301),
        ("repo", "a\n"),
        ("chartPath", "https://example.com/app.tgz"),
        ("valuesFile", "values.json"),
        ("valuesFile", "../values.yaml"),
        ("imageTag", "-x"),
        ("imageTag", "a:b"),
        ("imageTag", "a" * 129),
        ("min_success_pct", "1.1"),
        ("min_success_pct", "0.9999999"),
        ("min_success_pct", "1e-5"),
        ("max_p95_ms", "0"),
        ("max_p95_ms", "600001"),
        ("max_p95_ms", "01"),
        ("max_p95_ms", "1.0"),
        ("max_p95_ms", "١"),
        ("requests_per_host", "0"),
        ("requests_per_host", "9" * 30),
        ("requests_per_host", "1001"),
    ],
)
def test_refuses_and_names_the_parameter(name: str, value: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        arguments.validate(GOOD | {name: value})
    assert f"parameter {name!r} is {ascii(value)[:20].rstrip(chr(39))}" in str(caught.value)
    assert BY_NAME[name].allowed in str(caught.value)


def test_what_is_needed_and_what_is_unknown_is_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        arguments.validate({"owner": "acme", "repo": "shop", "prs": "7"})
    missing, unknown = str(caught.value).splitlines()
    assert missing == "parameter 'pr' is missing: it must be a whole number from 1 to 999999999"
    assert unknown.startswith("parameter 'prs' is unknown: there are owner, repo, pr, commit")


def test_names_every_bad_parameter_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        arguments.validate(GOOD | {"pr": "x", "owner": "-"})
    assert [line.split("'")[1] for line in str(caught.value).splitlines()] == ["owner", "pr"]


def test_fills_in_the_default_image_tag() -> None:
    assert arguments.complete(GOOD | {"imageTag": "pr-{{workflow.parameters.pr}}"}) == GOOD


def test_what_is_none_of_ours_is_left_out() -> None:
    assert arguments.complete(GOOD | {"NS": "impl-pr-7"}) == GOOD


@pytest.mark.parametrize("hostile", ["{{=sprig.repeat(3,'ab')}}", "$(SETTINGS)", "größe", "a\nb"])
def test_takes_arguments_as_they_were_given(hostile: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        arguments.complete(GOOD | {"branch": hostile + ".."})
    assert f"parameter 'branch' is {hostile + '..'!a}" in str(caught.value)


@pytest.mark.parametrize("plain", ["ac me", "acm", "////"])
def test_an_argument_in_clear_is_refused_in_words(plain: str) -> None:
    with pytest.raises(ArgumentError, match=r"variable OWNER is .*: must be in base64"):
        arguments.decoded({"OWNER": plain}, "OWNER")
