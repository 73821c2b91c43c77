"""Deploy takes only the commit that QA was given and handed over, and only URLs from a deployment."""

import base64
import json

import pytest

from implementation_dag.base.errors import StepError
from implementation_dag.contract import repository, settings
from implementation_dag.preview import discovery
from implementation_dag.steps import deploy

COMMIT = "a" * 40


def test_qa_hands_over_the_commit_that_it_was_given() -> None:
    deploy.same_commit(COMMIT, COMMIT)
    with pytest.raises(
        StepError, match=f"stage qa-testing was given commit {COMMIT} and hands over 'b+': QA only looks"
    ):
        deploy.same_commit(COMMIT, "b" * 40)


@pytest.mark.parametrize("handed", ["none", "", "main", COMMIT[:7], COMMIT + "\n", COMMIT.upper()])
def test_what_is_no_whole_commit_is_refused(handed: str) -> None:
    with pytest.raises(StepError, match="must be a commit of 40 hex digits"):
        deploy.same_commit(handed, handed)
    with pytest.raises(StepError, match="hands over"):
        deploy.same_commit(COMMIT, handed)


def test_no_url_leaves_acceptance_out_only_where_the_operator_allows_it() -> None:
    assert deploy.exposed("[]", allow_none=True) == []
    assert deploy.exposed('["https://a"]', allow_none=False) == ["https://a"]
    with pytest.raises(StepError, match="names no URL"):
        deploy.exposed("[]", allow_none=False)


@pytest.mark.parametrize("url", ["https://shop.example.com", "http://10.0.0.1:8080", "https://[::1]:8443", "http://a"])
def test_urls_of_a_deployment_are_taken(url: str) -> None:
    assert discovery.checked(json.dumps([url])) == [url]


@pytest.mark.parametrize(
    "text",
    [
        '["https://a/{{=1}}"]',
        '["https://{{=1}}"]',
        '["https://$(SETTINGS)"]',
        '["https://a:0"]',
        '["https://a:99999"]',
        '["https://a/path"]',
        '["https://user@a"]',
        '["https://-a"]',
        '["javascript:alert(1)"]',
        '["https://a\\n"]',
        "[1]",
        "{}",
        "",
        "[" * 100_000,
        json.dumps(["https://a"] * 51),
    ],
)
def test_what_is_no_list_of_urls_is_refused(text: str) -> None:
    with pytest.raises(StepError, match="the deployment's urls"):
        discovery.checked(text)


SECTION = settings.Repositories(("limits",), 100, settings.Defaults("a", "b", 0.95, 1200, 10))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (b"limits: {maxP95Ms: 9999}", "limits.maxP95Ms is 9999: must be at most 1200"),
        (b"chartPath: a", "chartPath: not for a repository to say here"),
        (b"\xff", "byte 0xff is no UTF-8"),
    ],
)
def test_what_a_deployment_hands_over_as_the_repository_s_own_is_checked_again(file: bytes, told: str) -> None:
    with pytest.raises(repository.RepositoryError, match=told):
        deploy.said(base64.b64encode(file).decode(), SECTION)
    assert deploy.said(base64.b64encode(b"limits: {maxP95Ms: 9}").decode(), SECTION) == {"limits": {"maxP95Ms": 9}}
    assert deploy.said("", SECTION) == {}


@pytest.mark.parametrize("text", ["!", "a", "\N{SNOWMAN}"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(repository.RepositoryError, match="must be in base64"):
        deploy.said(text, SECTION)
