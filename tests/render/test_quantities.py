"""The chart compares quantities as Kubernetes does: by what they are, not by how they are written.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from idag.render import RenderError
from idag.render.suite import Suite

UNITS = {
    **{"": Fraction(1), "m": Fraction(1, 1000)},
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", start=1)},
}


def pairs() -> list[tuple[str, str]]:
    """Quantities of nearly one size in different units, and the same one twice."""
    chosen = random.Random(17)  # noqa: S311 -- the same pairs each time
    found = [("1Gi", "1024Mi"), ("1000m", "1"), ("0.5", "500m"), ("1G", "1Gi"), ("1Gi", "1G"), ("1E", "1Ei")]
    for _ in range(10):
        one, other = chosen.choice(list(UNITS)), chosen.choice(list(UNITS))
        size = Fraction(chosen.randint(1, 900)) * max(UNITS[one], UNITS[other])
        most = int(size / UNITS[other]) or 1
        if most < 10**15 and size / UNITS[one] < 10**15:
            found.append((f"{int(size / UNITS[one])}{one}", f"{most + chosen.choice([-1, 0, 1])}{other}"))
    return found


def amount(text: str) -> Fraction:
    """The quantity as a number."""
    number = text.rstrip("kKMGTPEim")
    return Fraction(number) * UNITS[text[len(number) :]]


@pytest.mark.parametrize(("requests", "limits"), pairs())
def test_requests_above_limits_are_refused(requests: str, limits: str, suite: Suite) -> None:
    values = {"acceptance": {"resources": {"requests": {"memory": requests}, "limits": {"memory": limits}}}}
    if amount(requests) <= amount(limits):
        suite.render(values=values)
        return
    with pytest.raises(RenderError, match=r"acceptance\.resources\.requests\.memory is .*: must be at most acceptance"):
        suite.render(values=values)
