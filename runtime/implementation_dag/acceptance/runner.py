"""The acceptance step: load test, evidence, verdict."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from implementation_dag.acceptance import repository, vegeta, verdict
from implementation_dag.acceptance import settings as inputs
from implementation_dag.acceptance.belonging import tested
from implementation_dag.acceptance.errors import AcceptanceError, bad_value
from implementation_dag.acceptance.figures import summarize
from implementation_dag.acceptance.junit import write_junit, write_junit_error
from implementation_dag.acceptance.load import Load
from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.report import (
    Findings,
    build_error_report,
    build_performance,
    build_report,
    nobody_reached_words,
)
from implementation_dag.acceptance.responses import FOLDER, write_logs, write_requests, write_responses
from implementation_dag.acceptance.settings import Settings
from implementation_dag.acceptance.targets import Target, read_targets
from implementation_dag.acceptance.terminal import printable
from implementation_dag.base import outputs
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import fail, say
from implementation_dag.base.trust import write_bundle
from implementation_dag.contract import rows
from implementation_dag.contract import settings as contract
from implementation_dag.preview import protocols
from implementation_dag.preview.protocols import Probe

PASSED, COULD_NOT_RUN, THRESHOLDS_MISSED = 0, 1, 2
# An ingress controller that restarts is back within this time.
REACH_SECONDS = 60.0
# Where nobody was reached, the test begins again.
MOST_ATTEMPTS = 3
ATTEMPTS_WITHIN_SECONDS = 120.0


def run_acceptance() -> int:
    """Run the step as the workflow starts it: inputs from the environment and the configuration file.

    Returns 0 passed, 1 the test could not run (an input, the load generator, or nobody could be reached), 2 the pull
    request answered badly; report.json says why in each case.
    """
    out = Path(os.environ.get("OUT", "/artifacts/acceptance"))
    try:
        settings = inputs.from_environment(*repository.applied(os.environ, _configuration()))
    except StepError as error:
        return _could_not_run(str(error), os.environ.get("NS", ""), out)
    urls = Path(os.environ.get("URLS_FILE", "/input/urls.json"))
    try:
        return tested(settings.namespace, out, lambda: run(urls, out, settings))
    except StepError as error:
        return _could_not_run(str(error), settings.namespace, out)


def run(urls_file: Path, out: Path, settings: Settings) -> int:
    """Test the URLs in `urls_file` and write the evidence into the folder `out`.

    Returns the same exit codes as `run_acceptance`.
    """
    try:
        findings = _test(urls_file, settings)
    except StepError as error:
        return _could_not_run(str(error), settings.namespace, out)
    return _conclude(_write_evidence(findings, out))


def _test(urls_file: Path, settings: Settings) -> Findings:
    asked = read_targets(urls_file)
    binary = vegeta.find(settings.vegeta)
    tool = vegeta.version(binary)
    load = Load(settings, asked.targets)
    urls = ", ".join(target.url for target in asked.targets)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="acceptance-") as name:
        bundle = write_bundle(settings.ca_file, Path(name)) if settings.ca_file else None
        for attempt in range(1, MOST_ATTEMPTS + 1):
            _reach(load)
            _say(f"{tool}: {settings.requests_per_host} requests to each of {urls}")
            outcome = vegeta.run(binary, load, bundle)
            _say(f"{load.total} requests, {load.rate} a second, made in {outcome.duration_ms / 1000:.1f} s")
            nobody = _nobody(outcome.records, load)
            if not nobody or attempt == MOST_ATTEMPTS or time.monotonic() - start > ATTEMPTS_WITHIN_SECONDS:
                break
            _say(f"nobody was reached, once more: {nobody}")
    namespace, summary = settings.namespace or asked.namespace, summarize(outcome.records, load, outcome.duration_ms)
    return Findings(settings, namespace, asked.targets, outcome.records, summary, tool, nobody)


def _reach(load: Load) -> None:
    """Ask each target by each protocol before the load. Raises AcceptanceError when nobody can be reached."""
    hosts = _ask(load, REACH_SECONDS)
    if nobody := verdict.nobody_reached(hosts):
        raise AcceptanceError(nobody_reached_words(nobody))
    for probes in hosts:
        if fault := protocols.fault(probes):
            _say(f"out of reach: {fault}")


def _ask(load: Load, within: float) -> list[tuple[Probe, ...]]:
    settings = load.settings
    path, agent, seconds = settings.paths[0].path, settings.user_agent, min(settings.timeout_seconds, protocols.SECONDS)

    def ask(target: Target) -> tuple[Probe, ...]:
        return protocols.probe(target.url, settings.ca_file, path=path, agent=agent, seconds=seconds)

    return protocols.wait_for_each([partial(ask, target) for target in load.targets], within)


def _nobody(records: Sequence[Record], load: Load) -> str:
    """Return why the load reached nobody, or nothing."""
    # Whether a connection hangs or its answer does, vegeta tells in the same words.
    if verdict.only_waited(records):
        return verdict.nobody_reached(_ask(load, 0.0))
    return verdict.nobody_answered(records)


def _write_evidence(findings: Findings, out: Path) -> dict[str, Any]:
    now = datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    # The report first: it is the one file that later steps cannot do without.
    report = build_report(findings, now)
    _write_json(report, out / "report.json")
    _write_json(build_performance(findings, now), out / "performance.json")
    write_logs(findings.records, findings.targets, findings.settings.paths, out / "logs.txt")
    write_requests(findings.records, findings.targets, findings.settings.paths, out / "requests.jsonl")
    if findings.nobody:
        write_junit_error(report["reason"], out / "junit.xml")
    else:
        write_junit(findings, out / "junit.xml")
    write_responses(findings.records, findings.targets, out / FOLDER)
    return report


def _conclude(report: dict[str, Any]) -> int:
    outputs.write(
        {"figures": rows.written([_counted(report), *((one["host"], _figures(one)) for one in report["hosts"])])}
    )
    for host in report["hosts"]:
        _say(f"{host['host']}: {_figures(host)}, {'held' if host['passed'] else 'NOT held'}")
    if report["result"] == "passed":
        _say(f"Acceptance test passed: {_figures(report)}")
        return PASSED
    if report["verdict"] == verdict.Verdict.COULD_NOT_RUN:
        return _not_run(report["reason"])
    for reason in report["reasons"]:
        _say(f"- {reason}")
    _say(f"Acceptance test failed: {_figures(report)}")
    _tell(f"the pull request answered badly: {report['reason']}")
    return THRESHOLDS_MISSED


def _counted(report: dict[str, Any]) -> tuple[int, ...]:
    """Requests, those that were successful, and p50, p95 and p99 in microseconds, for metrics; none is measured: -1."""
    latencies = (report[name] for name in ("p50_ms", "p95_ms", "p99_ms"))
    micros = (-1 if each is None else round(each * 1000) for each in latencies)
    return (report["total_requests"], report["successful_requests"], *micros)


def _figures(part: dict[str, Any]) -> str:
    p95 = "none" if part["p95_ms"] is None else f"{part['p95_ms']:.0f} ms"
    return f"{part['successful_requests']} of {part['total_requests']} successful, p95 {p95}"


def _could_not_run(reason: str, namespace: str, out: Path) -> int:
    out.mkdir(parents=True, exist_ok=True)
    _write_json(build_error_report(namespace, reason, datetime.now(UTC)), out / "report.json")
    write_junit_error(reason, out / "junit.xml")
    # The step's output artifacts exist even then, so that Argo reports our reason and not a missing file.
    (out / "logs.txt").touch()
    (out / FOLDER).mkdir(exist_ok=True)
    return _not_run(reason)


def _not_run(reason: str) -> int:
    _say(f"Acceptance test could not run: {reason}")
    _tell(f"the test could not run: {reason}")
    return COULD_NOT_RUN


def _tell(message: str) -> None:
    # It becomes the message of the Argo node, which stands in templates: no braces, and nothing that moves a terminal.
    fail(printable(message.replace("{", "(").replace("}", ")"), 900))


def _configuration() -> dict[str, Any]:
    try:
        section = contract.document().get("acceptance", {})
    except StepError as error:
        raise AcceptanceError(f"the configuration cannot be read: {error}") from None
    if not isinstance(section, dict):
        raise bad_value("acceptance in the configuration", section, "a mapping")
    return section


def _write_json(document: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _say(message: str) -> None:
    say(printable(message, 2000))
