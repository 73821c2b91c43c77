"""What the benchmark asserts of our chart holds; benchmarks/render compares tools by it."""

import pytest

from benchmarks.render.assertions import Assertion, AssertionsError, read
from idag.render import Suite

ASSERTIONS = read()


@pytest.mark.parametrize("assertion", ASSERTIONS, ids=lambda assertion: assertion.name)
def test_holds(assertion: Assertion, suite: Suite) -> None:
    assert assertion.fault(suite.render(assertion.case).objects[assertion.object].data) is None


@pytest.mark.parametrize(
    ("path", "check", "wanted", "found"),
    [
        ("spec.items[name=b].size", "equals", 2, "found 3"),
        ("spec.items[0].size", "exists", False, "found 1"),
        ('metadata.labels["a.b/c"]', "matches", "^y", "found 'x'"),
        ("spec.items", "length", 3, "found [{"),
        ("spec.names", "contains", "z", "found ['x', 'y']"),
        ("spec.items[name=c]", "exists", True, "found nothing"),
        ("spec.other.size", "equals", 1, "found nothing"),
    ],
)
def test_what_does_not_hold_is_told(path: str, check: str, wanted: object, found: str) -> None:
    item = {
        "metadata": {"labels": {"a.b/c": "x"}},
        "spec": {"items": [{"name": "a", "size": 1}, {"name": "b", "size": 3}], "names": ["x", "y"]},
    }
    assert found in str(Assertion("default", "Kind/name", path, check, wanted).fault(item))


def test_a_path_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(AssertionsError, match=r"'\[\*\]' is none of"):
        Assertion("default", "Kind/name", "spec.items[*]", "exists", True).fault({"spec": {}})
