"""The rules of a release as a Prometheus of tests reads them: what waits there waits less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Object = dict[str, Any]
# Nobody waits a quarter of an hour for an alert in a test.
FASTER = 20
# Nor for the next full hour, at which a sum over hours looks.
EACH_HOUR, SOONER = ":1h]", ":15s]"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def faster(rule: Object) -> list[Object]:
    """Groups of a PrometheusRule, in which an alert's `for` and a group's interval take a twentieth of their time.

    What the rules ask is as the chart has it, but that sums over hours look each 15 seconds.
    """
    return [_faster(group) for group in rule["spec"]["groups"]]


def _faster(group: Object) -> Object:
    made = {key: _shorter(value) if key == "interval" else value for key, value in group.items()}
    return made | {"rules": [_sooner(each) for each in group["rules"]]}


def _sooner(rule: Object) -> Object:
    waits = {"for": _shorter(rule["for"])} if "for" in rule else {}
    return rule | {"expr": rule["expr"].replace(EACH_HOUR, SOONER)} | waits


def _shorter(duration: str) -> str:
    return f"{seconds(duration) * 1000 // FASTER}ms"


def seconds(duration: str) -> int:
    """How long it is, as the chart writes it."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def alerts(groups: Sequence[Object]) -> Iterator[Object]:
    """The rules that alert."""
    yield from (rule for group in groups for rule in group["rules"] if "alert" in rule)
