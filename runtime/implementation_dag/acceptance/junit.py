"""junit.xml: the acceptance test as test cases, for whatever shows test results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from implementation_dag.acceptance.figures import Scope
from implementation_dag.acceptance.report import Findings, describe, limits_missed

# Characters that XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(findings: Findings, file: Path) -> None:
    """Write one case a host and path (failed when any of its requests failed) and one a threshold."""
    suites = Element("testsuites", name="acceptance")
    cases = [*_path_cases(findings), *_threshold_cases(findings)]
    suite = SubElement(
        suites,
        "testsuite",
        name="acceptance",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        time=f"{findings.summary.duration_ms / 1000:.3f}",
    )
    suite.extend(cases)
    _write(suites, file)


def write_junit_error(reason: str, file: Path) -> None:
    """Write the one case of a test that could not run."""
    suites = Element("testsuites", name="acceptance")
    suite = SubElement(suites, "testsuite", name="acceptance", tests="1", failures="0", errors="1", time="0")
    case = SubElement(suite, "testcase", classname="acceptance", name="the test runs", time="0")
    SubElement(case, "error", message=_xml(reason))
    _write(suites, file)


def _path_cases(findings: Findings) -> Iterator[Element]:
    for t, target in enumerate(findings.targets):
        for p, path in enumerate(findings.settings.paths):
            records = [r for r in findings.records if (r.target, r.path) == (t, p)]
            seconds = sum(r.latency_ms or 0 for r in records) / 1000
            case = Element("testcase", classname=_xml(target.host), name=_xml(path.path), time=f"{seconds:.3f}")
            failed = [r for r in records if not r.ok]
            if failed:
                failure = SubElement(case, "failure", message=f"{len(failed)} of {len(records)} requests failed")
                failure.text = _xml("\n".join(f"request {r.n}: {describe(r, findings.settings)}" for r in failed))
            yield case


def _threshold_cases(findings: Findings) -> Iterator[Element]:
    scopes: list[tuple[str, Scope]] = [("all requests", findings.summary.everything)]
    scopes += [
        (target.host, part.scope) for target, part in zip(findings.targets, findings.summary.targets, strict=True)
    ]
    for subject, scope in scopes:
        case = Element("testcase", classname="thresholds", name=_xml(subject), time="0")
        for missed in limits_missed(subject, scope):
            SubElement(case, "failure", message=_xml(missed))
        yield case


def _write(root: Element, file: Path) -> None:
    indent(root)
    ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
