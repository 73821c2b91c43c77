"""What a repository says of itself: never weaker than values, never what is the release's, each fault by name."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from implementation_dag.contract import repository, settings
from implementation_dag.contract.parameters import BY_NAME
from implementation_dag.contract.repository import RepositoryError, in_force, parse
from scripts import contract

ALL = list(repository.schema()["properties"])
SECTION = {
    "settings": ALL,
    "mostRequestsPerHost": 100,
    "defaults": {
        "chartPath": "charts/app",
        "valuesFile": "values-preview.yaml",
        "minSuccessPct": 0.95,
        "maxP95Ms": 1200,
        "requestsPerHost": 10,
    },
}
LIMITS = {"min_success_pct": 0.95, "max_p95_ms": 1200, "requests_per_host": 10}
ROOT = Path(__file__).parents[3]
PODINFO = ROOT / "examples" / "podinfo" / repository.FILE


def bounds(section: dict[str, Any]) -> repository.Bounds:
    text = json.dumps({"repositories": section, "names": {}})
    return repository.bounds(settings.load(settings.OfRepository, {"SETTINGS": text}).repositories)


SOME_OF_EACH: dict[Any, st.SearchStrategy[Any]] = {
    "minSuccessPct": st.floats(0, 1).map(lambda number: round(number, 6)),
    "maxP95Ms": st.integers(1, 600_000),
    "requestsPerHost": st.integers(1, 1000),
}
SOME = st.fixed_dictionaries(SOME_OF_EACH)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ALL, *repository.LIMITS, "x"]), inner, max_size=4)
    ),
    max_leaves=15,
)
# Files of the right shape, whose limits values may refuse, and whatever else a file may say.
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.fixed_dictionaries({}, optional=SOME_OF_EACH),
        "paths": st.lists(st.fixed_dictionaries({"path": st.sampled_from(["/", "/a"])}), min_size=1, max_size=50),
    },
)
FILES = SHAPED | ANYTHING


def weaker(name: str, one: float, other: float) -> bool:
    return one > other if name == "maxP95Ms" else one < other


@given(FILES, SOME, SOME)
def test_no_file_weakens_a_limit(document: Any, values: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Neither one of values nor one of the run's arguments, which may be stricter or weaker than values."""
    allowed = bounds(SECTION | {"defaults": SECTION["defaults"] | values, "mostRequestsPerHost": 1000})  # type: ignore[operator]
    try:
        own = parse(json.dumps(document).encode(), allowed)
    except RepositoryError:
        return
    for name, limit in own.get("limits", {}).items():
        assert not weaker(name, limit, values[name])
    found = in_force({one.name: arguments[name] for name, one in repository.LIMITS.items()}, own)
    for name, one in repository.LIMITS.items():
        assert not weaker(name, found[one.name], arguments[name])
        assert found[one.name] in (arguments[name], own.get("limits", {}).get(name), len(own.get("paths", [])))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | ANYTHING.map(lambda x: yaml.dump(x).encode()))
def test_whatever_the_bytes_are_it_is_settings_or_one_line(content: bytes) -> None:
    try:
        own = parse(content, bounds(SECTION))
    except RepositoryError as error:
        assert str(error).isprintable()
        return
    assert own.keys() <= {*ALL}
    assert repository.checked(own) == own


@given(FILES)
def test_acceptance_is_told_what_was_parsed_and_nothing_that_a_template_would_read(document: Any) -> None:
    try:
        own = parse(json.dumps(document).encode(), bounds(SECTION))
    except RepositoryError:
        return
    text = repository.for_acceptance(own)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert repository.told(text) == {name: own[name] for name in ("paths", "limits") if name in own}


NAMES = "abcdefghi"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(NAMES)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("registry: ghcr.io/evil", "has 'registry': allowed are chartPath, valuesFiles, set"),
        ("namespace: kube-system", "has 'namespace': allowed are"),
        ("domain: evil.example.com", "has 'domain': allowed are"),
        ("serviceAccountName: admin", "has 'serviceAccountName': allowed are"),
        (
            "chartPath: oci://evil.example.com/chart",
            "chartPath is 'oci://evil.example.com/chart': must be a relative path",
        ),
        ("chartPath: /var/run/secrets", "chartPath is '/var/run/secrets': must be a relative path"),
        ("chartPath: charts/../../etc", "chartPath is 'charts/../../etc': must be a relative path"),
        ("chartPath: --post-renderer=x", "chartPath is '--post-renderer=x': must be a relative path"),
        ('chartPath: "charts/app\\n"', r"chartPath is 'charts/app\n': must be a relative path"),
        ("valuesFiles: [a.yaml, ../b.yaml]", "valuesFiles[1] is '../b.yaml': must be a relative path of a .yaml"),
        ('valuesFiles: ["a.yaml\\n"]', r"valuesFiles[0] is 'a.yaml\n': must be"),
        ("valuesFiles: a.yaml", "valuesFiles is 'a.yaml': must be a list of at most 10 paths"),
        ("set: {a: '{tag.__class__}'}", "set.a is '{tag.__class__}': must be at most 500 characters"),
        ("set: {a: '{tag:>99999999}'}", "set.a is '{tag:>99999999}': must be"),
        ("set: {a: '{{=1}}'}", "set.a is '{{=1}}': must be"),
        ("set: {a: '{secret}'}", "set.a is '{secret}': must be"),
        ("set: {a: 'b,c=d'}", "set.a is 'b,c=d': must be"),
        ("set: {a: 'b\\'}", r"set.a is 'b\\': must be"),
        ('set: {a: "b\\0"}', r"set.a is 'b\x00': must be"),
        ('set: {a: "b\\n"}', r"set.a is 'b\n': must be"),
        ("set: {a: 1}", "set.a is 1: must be"),
        ("set: {'a,b': c}", "a key of set is 'a,b': must be names joined by dots"),
        ("set: {'a=b': c}", "a key of set is 'a=b': must be names joined by dots"),
        ("set: {'a[65536]': c}", "a key of set is 'a[65536]': must be names joined by dots"),
        ("set: {'': c}", "a key of set is '': must be names joined by dots"),
        (
            "limits: {minSuccessPct: 0.9}",
            "limits.minSuccessPct is 0.9: must be at least 0.95, value defaults.minSuccessPct",
        ),
        ("limits: {maxP95Ms: 1201}", "limits.maxP95Ms is 1201: must be at most 1200, value defaults.maxP95Ms"),
        (
            "limits: {requestsPerHost: 1}",
            "limits.requestsPerHost is 1: must be at least 10, value defaults.requestsPerHost",
        ),
        ("limits: {requestsPerHost: 101}", "is 101: must be at most 100, value repositories.mostRequestsPerHost"),
        (
            "limits: {minSuccessPct: true}",
            "limits.minSuccessPct is true: must be a number with at most 6 decimals from 0 to 1",
        ),
        (
            "limits: {minSuccessPct: 0.9500001}",
            "limits.minSuccessPct is 0.9500001: must be a number with at most 6 decimals",
        ),
        ("limits: {maxP95Ms: null}", "limits.maxP95Ms is null: must be a whole number from 1 to 600000"),
        ("limits: {maxP95Ms: .inf}", "JSON has no number '.inf'"),
        ("limits: {minSuccessPct: 0.99, minSuccessPct: 0}", "key 'minSuccessPct' is there twice"),
        ("limits: {maxErrors: 5}", "limits has 'maxErrors': allowed are minSuccessPct, maxP95Ms, requestsPerHost"),
        ("paths: []", "paths is []: must be a list of 1 to 50 entries"),
        ("paths: [{status: [200]}]", "paths[0] lacks path"),
        ("paths: [{path: /, status: [500]}]", "paths[0].status[0] is 500: must be a whole number from 200 to 399"),
        (
            "paths: [{path: 'https://evil.example.com/'}]",
            "paths[0].path is 'https://evil.example.com/': must be a path",
        ),
        ("healthPath: '//evil{'\n", ""),
        ("annotationsKey: ingress.app[0].annotations", ""),
        ("annotationsKey: 'a=b,c'", "annotationsKey is 'a=b,c': must be names joined by dots"),
        ("healthPath: x", "healthPath is 'x': must be a path that starts with '/'"),
        ("requiredStages: [magic]", "requiredStages[0] is 'magic': must be one of implement, clippy-format"),
        ("requiredStages: []\nskip: [qa-testing]", "has 'skip': allowed are"),
        ("[]", "the file is []: must be a mapping"),
        (BOMB, "aliases blow it up"),
        ("[" * 5000, "deeper than 100"),
        ("#" * 8193, "has more than 8192 bytes"),
    ],
)
def test_a_hostile_file_is_refused_by_field_value_and_what_is_allowed(text: str, told: str) -> None:
    if not told:
        assert parse(text.encode(), bounds(SECTION))
        return
    with pytest.raises(RepositoryError) as caught:
        parse(text.encode(), bounds(SECTION))
    assert told in str(caught.value)
    assert str(caught.value).startswith(repository.FILE)


def test_all_faults_are_told_up_to_five() -> None:
    text = "limits: {minSuccessPct: 0, maxP95Ms: 9999, requestsPerHost: 1}"
    with pytest.raises(RepositoryError, match=r"minSuccessPct is 0.*maxP95Ms is 9999.*requestsPerHost is 1"):
        parse(text.encode(), bounds(SECTION))
    many = "set: {" + ", ".join(f"k{number}: 1" for number in range(8)) + "}"
    with pytest.raises(RepositoryError, match=r"; and 3 more$"):
        parse(many.encode(), bounds(SECTION))


@pytest.mark.parametrize("name", ALL)
def test_values_say_which_keys_a_file_may_have(name: str) -> None:
    example = {
        "chartPath": "a",
        "valuesFiles": [],
        "set": {},
        "annotationsKey": "a.b",
        "healthPath": "/",
        "paths": [{"path": "/"}],
        "limits": {},
        "requiredStages": [],
    }
    text = json.dumps({name: example[name]}).encode()
    assert parse(text, bounds(SECTION)) == {name: example[name]}
    rest = sorted({*ALL} - {name})
    with pytest.raises(RepositoryError, match=f"{name}: not for a repository to say here, value repositories.settings"):
        parse(text, bounds(SECTION | {"settings": rest}))
    with pytest.raises(RepositoryError, match="allows nothing"):
        parse(text, bounds(SECTION | {"settings": []}))


def test_paths_alone_ask_for_no_more_requests_than_allowed() -> None:
    text = json.dumps({"paths": [{"path": f"/{number}"} for number in range(30)]}).encode()
    assert in_force(LIMITS, parse(text, bounds(SECTION)))["requests_per_host"] == 30
    with pytest.raises(RepositoryError, match="the number of paths is 30: must be at most 20"):
        parse(text, bounds(SECTION | {"mostRequestsPerHost": 20}))
    # Whoever asks for more by values allows as many to a repository.
    section = SECTION | {"mostRequestsPerHost": 20, "defaults": SECTION["defaults"] | {"requestsPerHost": 50}}  # type: ignore[operator]
    assert parse(text, bounds(section))


def test_nothing_is_a_file_too() -> None:
    for text in ("", "# only words\n", "{}"):
        assert parse(text.encode(), bounds(SECTION)) == {}
        assert in_force(LIMITS, {}) == LIMITS
    assert repository.for_acceptance({"chartPath": "a"}) == ""
    assert repository.told("") == {}


@pytest.mark.parametrize("text", ["{}", "!", "bnVsbA==", "eyJ4IjoxfQ==", "[" * 1000])
def test_what_is_told_to_acceptance_is_checked_there(text: str) -> None:
    with pytest.raises(RepositoryError):
        repository.told(text)


def test_the_names_of_values_are_filled_in_and_nothing_else() -> None:
    names = {"tag": "pr-7", "digest": "sha256:0", "host": "h", "pr": "7", "commit": "c"}
    assert repository.filled("{tag}@{digest} {host}/{pr}/{commit}", names) == "pr-7@sha256:0 h/7/c"
    assert repository.filled(r"\{tag\}", names) == r"\{tag\}"


PATHS = st.text("ab.-/\n:_", max_size=12) | st.text(max_size=8)


@given(PATHS, st.sampled_from(["", ".yaml", ".yml"]))
def test_its_paths_are_those_of_the_parameters(start: str, end: str) -> None:
    path, rules = start + end, repository.schema()["properties"]
    for parameter, rule in (("chartPath", rules["chartPath"]), ("valuesFile", rules["valuesFiles"]["items"])):
        assert Draft202012Validator(rule).is_valid(path) == BY_NAME[parameter].accepts(path), parameter


def test_the_published_schema_is_the_runtime_s() -> None:
    Draft202012Validator.check_schema(repository.schema())
    stale = [path.name for path, text in contract.made().items() if path.read_text() != text]
    assert not stale, "run `make generate`"


def test_the_example_is_good_with_the_chart_s_own_values() -> None:
    own = parse(PODINFO.read_bytes(), bounds(SECTION))
    assert own["set"]["ingress.hosts[0].host"] == "{host}"
