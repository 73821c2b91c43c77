"""Tell differences to people and to CI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from idag.render.changes import shown
from idag.render.snapshots import Difference
from idag.render.targets import Target, describe


def report(differences: Iterable[Difference], targets: tuple[Target, ...]) -> str:
    """Tell differences by object and path, `old -> new [cases]`, each once for all cases and targets that have it."""
    found: dict[str, dict[tuple[str, str, str], dict[str, set[Target]]]] = {}
    for item in differences:
        key = item.change.path, shown(item.change.old), shown(item.change.new)
        found.setdefault(item.address, {}).setdefault(key, {}).setdefault(item.case, set()).add(item.target)
    lines = []
    for address, by_change in found.items():
        lines.append(address)
        for (path, old, new), cases in by_change.items():
            where = [f"{case} on {only}" if (only := describe(on, targets)) else case for case, on in cases.items()]
            lines.append(f"  {path}: {old} -> {new}  [{', '.join(where)}]")
    return "\n".join(lines)


def write_junit(path: Path, failures: Mapping[str, str], seconds: Mapping[str, float]) -> None:
    """Write a JUnit report with one test a case; `failures` maps a case to what is wrong, empty when nothing is."""
    suite = ElementTree.Element(
        "testsuite",
        name="render",
        tests=str(len(failures)),
        failures=str(sum(bool(text) for text in failures.values())),
        time=f"{sum(seconds.values()):.3f}",
    )
    for case, text in failures.items():
        test = ElementTree.SubElement(suite, "testcase", classname="render", name=case, time=f"{seconds[case]:.3f}")
        if text:
            ElementTree.SubElement(test, "failure", message=text.splitlines()[0]).text = text
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
