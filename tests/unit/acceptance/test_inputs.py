"""Inputs of the acceptance step: what is allowed, and that errors name parameter, value and range."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.acceptance.errors import AcceptanceError
from implementation_dag.acceptance.runner import run, run_acceptance
from implementation_dag.acceptance.settings import ExpectedPath, from_environment
from implementation_dag.acceptance.targets import Target, read_targets
from implementation_dag.acceptance.terminal import printable
from implementation_dag.base.errors import StepError
from implementation_dag.base.trust import system_bundle, write_bundle
from implementation_dag.contract.parameters import decimal


@pytest.fixture
def env() -> dict[str, str]:
    """The smallest environment: nothing."""
    return {}


@pytest.fixture
def urls(tmp_path: Path) -> Any:
    """Function that writes its argument as urls.json and reads it as targets."""

    def read(document: Any) -> Any:
        path = tmp_path / "urls.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_targets(path)

    return read


def test_defaults_are_those_of_the_specification(env: dict[str, str]) -> None:
    settings = from_environment(env, {})
    assert settings.thresholds == {"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 10}
    assert settings.requests_per_host == 10
    assert settings.paths == (ExpectedPath("/", (200,)),)
    assert settings.ca_file is None


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MIN_SUCCESS_PCT", "95", "a number with at most 6 decimals from 0 to 1 (a share: 0.95 means 95 %)"),
        ("MIN_SUCCESS_PCT", "0.9999999", "a number with at most 6 decimals from 0 to 1"),
        ("MIN_SUCCESS_PCT", "nan", "a number with at most 6 decimals from 0 to 1"),
        ("MIN_SUCCESS_PCT", "", "a number with at most 6 decimals from 0 to 1"),
        ("MIN_SUCCESS_PCT", "0.9; rate<2", "a number with at most 6 decimals from 0 to 1"),
        ("MAX_P95_MS", "0", "a whole number from 1 to 600000 (milliseconds)"),
        ("MAX_P95_MS", "1.2s", "a whole number from 1 to 600000 (milliseconds)"),
        ("REQUESTS_PER_HOST", "0", "a whole number from 1 to 1000"),
        ("REQUESTS_PER_HOST", "2.5", "a whole number from 1 to 1000"),
        ("REQUESTS_PER_HOST", "1001", "a whole number from 1 to 1000"),
        ("NS", "Impl_PR", "a namespace's name"),
    ],
)
def test_a_bad_parameter_is_named_with_value_and_range(
    name: str, value: str, allowed: str, env: dict[str, str]
) -> None:
    with pytest.raises(AcceptanceError) as error:
        from_environment({**env, name: value}, {})
    assert str(error.value).startswith(f"{name} is ")
    assert value in str(error.value)
    assert allowed in str(error.value)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"paths": []}, "acceptance.paths is []"),
        ({"paths": "/"}, "acceptance.paths is '/'"),
        ({"paths": ["/"]}, "acceptance.paths[0] is '/'"),
        ({"paths": [{"path": "/"}, {"path": "x"}]}, "acceptance.paths[1].path is 'x'"),
        ({"paths": [{"path": "/a b"}]}, "acceptance.paths[0].path"),
        ({"paths": [{"path": "/#x"}]}, "acceptance.paths[0].path"),
        ({"paths": [{"path": "/", "status": []}]}, "acceptance.paths[0].status is []"),
        ({"paths": [{"path": "/", "status": [0]}]}, "acceptance.paths[0].status is [0]"),
        ({"paths": [{"path": "/", "status": [True]}]}, "acceptance.paths[0].status is [True]"),
        ({"bodyLimitBytes": -1}, "acceptance.bodyLimitBytes is -1"),
        ({"bodyLimitBytes": 2_000_000}, "acceptance.bodyLimitBytes is 2000000"),
        ({"timeoutSeconds": True}, "acceptance.timeoutSeconds is True"),
        ({"requestsPerSecond": 0}, "acceptance.requestsPerSecond is 0"),
        ({"requestsPerSecond": 0.5}, "acceptance.requestsPerSecond is 0.5"),
        ({"stepTimeoutSeconds": 0}, "acceptance.stepTimeoutSeconds is 0"),
        ({"userAgent": "a\r\nX: y"}, "acceptance.userAgent is"),
        ({"userAgent": "prüfer"}, "acceptance.userAgent is 'prüfer'"),
        ({"userAgent": ""}, "acceptance.userAgent is ''"),
        ({"userAgent": " "}, "acceptance.userAgent is ' '"),
        ({"userAgent": "a" * 201}, "acceptance.userAgent is"),
    ],
)
def test_a_bad_value_of_the_configuration_is_named(section: dict[str, Any], named: str, env: dict[str, str]) -> None:
    with pytest.raises(AcceptanceError) as error:
        from_environment(env, section)
    assert str(error.value).startswith(named)


def test_every_path_gets_a_request(env: dict[str, str]) -> None:
    paths = [{"path": f"/{n}", "status": [200]} for n in range(3)]
    with pytest.raises(AcceptanceError, match="REQUESTS_PER_HOST is 2: it must be at least 3"):
        from_environment({**env, "REQUESTS_PER_HOST": "2"}, {"paths": paths})


@pytest.mark.parametrize(
    ("config", "most"),
    [
        ({"requestsPerSecond": 1}, 890),
        ({"stepTimeoutSeconds": 100, "timeoutSeconds": 1, "requestsPerSecond": 2}, 198),
        ({"stepTimeoutSeconds": 5}, 0),
    ],
)
def test_the_requests_fit_into_the_steps_time(config: dict[str, Any], most: int, env: dict[str, str]) -> None:
    if most:
        assert from_environment({**env, "REQUESTS_PER_HOST": str(most)}, config).requests_per_host == most
    with pytest.raises(AcceptanceError, match=f"REQUESTS_PER_HOST is {most + 1}: it must be at most {most}, as many"):
        from_environment({**env, "REQUESTS_PER_HOST": str(most + 1)}, config)


@pytest.mark.parametrize("name", ["CA_FILE", "SSL_CERT_FILE"])
def test_a_file_that_is_not_there_is_named(name: str, env: dict[str, str]) -> None:
    with pytest.raises(AcceptanceError, match=f"{name} is '/nowhere': there is no such file"):
        from_environment({**env, name: "/nowhere"}, {})


def test_hosts_alone_are_tested_over_https(urls: Any) -> None:
    found = urls({"hosts": ["a.example.com"], "ns": "impl-pr-7"})
    assert found.targets == (Target("https://a.example.com", "a.example.com"),)
    assert found.namespace == "impl-pr-7"


def test_targets_are_named_apart_and_come_once(urls: Any) -> None:
    listed = ["https://a.example.com/", "http://a.example.com", "https://a.example.com", "https://[2001:db8::1]:444"]
    assert urls({"urls": listed}).targets == (
        Target("https://a.example.com", "a.example.com"),
        Target("http://a.example.com", "a.example.com:80"),
        Target("https://[2001:db8::1]:444", "[2001:db8::1]:444"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example.com",
        "https://a.example.com/path",
        "https://user:secret@a.example.com",
        "https://a.example.com?x=1",
        "https://a.example.com:99999",
        "https://-a.example.com",
        "https://",
        "https://a_b/../c",
        "a.example.com",
    ],
)
def test_a_url_that_is_no_base_url_is_refused(url: str, urls: Any) -> None:
    with pytest.raises(AcceptanceError, match=r"a URL in urls\.json is "):
        urls({"urls": [url]})


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("not json", "it is not JSON"),
        ("[]", "an object with hosts and urls"),
        ({"urls": "https://a"}, "a list of strings"),
        ({"urls": [1]}, "a list of strings"),
        ({"urls": [], "hosts": []}, "exposes nothing"),
        ({"urls": [f"https://h{n}.example.com" for n in range(51)]}, "at most 50"),
    ],
)
def test_a_urls_file_of_another_shape_is_refused(document: Any, said: str, urls: Any) -> None:
    with pytest.raises(AcceptanceError, match=said):
        urls(document)


def test_the_bundle_holds_the_systems_authorities_and_the_given(tmp_path: Path) -> None:
    system = system_bundle()
    assert system is not None, "this machine has no CA bundle: apt-get install ca-certificates"
    text = system.read_text()
    end = "-----END CERTIFICATE-----"
    one = text[: text.index(end) + len(end)]
    given = tmp_path / "ca.crt"
    given.write_text(one)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle = write_bundle(given, tmp_path)
    context.load_verify_locations(cafile=bundle)
    assert bundle.read_text().count(end) == text.count(end) + 1


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"]
)
def test_a_ca_file_without_certificate_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(content)
    with pytest.raises(StepError, match="holds no usable PEM certificate"):
        write_bundle(tmp_path / "ca.crt", tmp_path)


@pytest.mark.parametrize(("number", "text"), [(0.95, "0.95"), (0.00001, "0.00001"), (1200.0, "1200"), (0.0, "0")])
def test_thresholds_are_written_without_exponent(number: float, text: str) -> None:
    assert decimal(number) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü", "plain ü"),
        ("\x1b[31m\r\n\x9b\u202e", "\\x1b[31m\\r\\n\\x9b\\u202e"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_what_is_printed_is_escaped_and_cut(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_without_vegeta_the_report_says_so(env: dict[str, str], tmp_path: Path, urls: Any) -> None:
    urls({"urls": ["https://a.example.com"], "ns": "impl-pr-7"})
    out = tmp_path / "out"
    assert run(tmp_path / "urls.json", out, from_environment({**env, "VEGETA": "no-such-vegeta"}, {})) == 1
    report = json.loads((out / "report.json").read_text())
    assert report["result"] == "error"
    assert report["reasons"][0].startswith("VEGETA is 'no-such-vegeta': there is no such program")
    assert {path.name for path in out.iterdir()} == {"report.json", "junit.xml", "logs.txt", "responses"}


def test_a_bad_parameter_leaves_a_report_too(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = '{"acceptance": {"timeoutSeconds": 0}}'
    variables = {**env, "SETTINGS": settings, "OUT": str(tmp_path / "out"), "NS": "impl-pr-7"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run_acceptance() == 1
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["ns"] == "impl-pr-7"
    assert report["reasons"] == ["acceptance.timeoutSeconds is 0: it must be a whole number from 1 to 120"]
    assert report["reasons"][0] in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "{", "[]", '{"acceptance": "text"}'])
def test_a_configuration_that_cannot_be_read_is_told(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTINGS", raising=False)
    if content is not None:
        monkeypatch.setenv("SETTINGS", content)
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    assert run_acceptance() == 1
    (reason,) = json.loads((tmp_path / "out" / "report.json").read_text())["reasons"]
    assert "configuration" in reason
