"""Rules of the chart, sped up for tests: only times of waiting change."""

from __future__ import annotations

from scripts.chart.render.project import SUITE
from scripts.lab.monitoring import rules


def test_only_waiting_is_shorter() -> None:
    (rule,) = SUITE.render("every-value").objects.of("PrometheusRule")
    before, after = rule.data["spec"]["groups"], rules.faster(rule.data)
    changed = set()
    for group, made in zip(before, after, strict=True):
        changed |= {(key, group[key], made[key]) for key in group if key != "rules" and group[key] != made[key]}
        for each, its in zip(group["rules"], made["rules"], strict=True):
            hours = {"expr": each["expr"].replace(rules.EACH_HOUR, rules.SOONER)}
            changed |= {(key, str(each[key]), str(its[key])) for key in each if (each | hours)[key] != its[key]}
    assert rules.EACH_HOUR in str(before)
    assert rules.EACH_HOUR not in str(after)
    assert changed == {
        ("interval", "5m", "15000ms"),
        ("for", "2m", "6000ms"),
        ("for", "5m", "15000ms"),
        ("for", "10m", "30000ms"),
        ("for", "15m", "45000ms"),
    }
    assert {each["alert"] for each in rules.alerts(after)} == {
        each["alert"] for group in before for each in group["rules"] if "alert" in each
    }
