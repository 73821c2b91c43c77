"""What helm installs: arguments before the repository's own file, the file before the values' defaults."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.contract.repository import FILE, SIZE_LIMIT, RepositoryError, schema
from implementation_dag.docsrun.helm.installation import Installation, chosen

NAMES = {"tag": "pr-7", "digest": "sha256:0", "host": "shop-pr-7.example.com", "pr": "7", "commit": "c"}
DEFAULTS = {
    "chartPath": "charts/app",
    "valuesFile": "values-preview.yaml",
    "minSuccessPct": 0.95,
    "maxP95Ms": 1200,
    "requestsPerHost": 10,
}
SECTION = {"settings": list(schema()["properties"]), "mostRequestsPerHost": 100, "defaults": DEFAULTS}
ENV = {
    "CHART_PATH": "charts/app",
    "VALUES_FILE": "values-preview.yaml",
    "SET": '{"image.tag": "pr-7"}',
    "HEALTH_PATH": "/",
    "ANNOTATIONS": json.dumps({"example.com/robots": 'no"index'}),
    "ANNOTATIONS_KEY": "ingress.annotations",
    "REPOSITORY": json.dumps({"repositories": SECTION, "names": NAMES}),
}
ROBOTS = r"example\.com/robots"
ANNOTATIONS = {f"ingress.annotations.{ROBOTS}": r'"no\"index"'}
BY_VALUES = Installation("charts/app", ("values-preview.yaml",), {"image.tag": "pr-7"}, "/", ANNOTATIONS)
WHOLE = """
chartPath: charts/podinfo
valuesFiles: [a.yaml, deploy/b.yml]
set: {"ingress.hosts[0].host": "{host}", image.tag: "{tag}@{digest}"}
annotationsKey: ingress.main[0].annotations
healthPath: /readyz
"""


def by(folder: Path, text: str, **changed: str) -> Installation:
    (folder / FILE).write_text(text)
    return chosen(ENV | changed, folder)


def test_without_a_file_values_count(tmp_path: Path) -> None:
    assert chosen(ENV, tmp_path) == BY_VALUES


def test_a_docsrun_without_bounds_looks_for_no_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("chartPath: oci://evil.example.com/x")
    assert chosen({key: ENV[key] for key in ENV if key != "REPOSITORY"}, tmp_path) == BY_VALUES


def test_the_file_counts_more_than_values(tmp_path: Path) -> None:
    values = {"ingress.hosts[0].host": "shop-pr-7.example.com", "image.tag": "pr-7@sha256:0"}
    file = base64.b64encode(WHOLE.encode()).decode()
    own = {f"ingress.main[0].annotations.{ROBOTS}": r'"no\"index"'}
    assert by(tmp_path, WHOLE) == Installation(
        "charts/podinfo", ("a.yaml", "deploy/b.yml"), values, "/readyz", own, file
    )


@pytest.mark.parametrize("text", ["# nothing\n", "limits: {maxP95Ms: 9}"])
def test_what_the_file_does_not_say_stays(tmp_path: Path, text: str) -> None:
    found = by(tmp_path, text)
    assert (found.chart_path, found.values_files, found.values, found.health_path) == (
        BY_VALUES.chart_path, BY_VALUES.values_files, BY_VALUES.values, BY_VALUES.health_path,
    )  # fmt: skip
    assert base64.b64decode(found.file).decode() == text


def test_nothing_is_something_else_than_not_said(tmp_path: Path) -> None:
    found = by(tmp_path, "set: {}\nvaluesFiles: []")
    assert (found.values, found.values_files) == ({}, ())


def test_arguments_count_more_than_the_file(tmp_path: Path) -> None:
    found = by(tmp_path, WHOLE, CHART_PATH="charts/other", VALUES_FILE="other.yaml")
    assert (found.chart_path, found.values_files, found.health_path) == ("charts/other", ("other.yaml",), "/readyz")


def test_the_operator_s_chart_of_a_registry_is_not_replaced(tmp_path: Path) -> None:
    chart = "oci://registry.example.com/charts/service"
    section = SECTION | {"defaults": DEFAULTS | {"chartPath": chart}}
    changed = {"CHART_PATH": chart, "REPOSITORY": json.dumps({"repositories": section, "names": NAMES})}
    assert by(tmp_path, "healthPath: /x", **changed).chart_path == chart
    with pytest.raises(
        RepositoryError, match=f"chartPath is 'charts/evil': must be left out, all .* the chart {chart}"
    ):
        by(tmp_path, "chartPath: charts/evil", **changed)


def make(folder: Path, what: str) -> Any:
    path = folder / FILE
    if what == "link":
        (folder / "x").write_text("chartPath: a")
        path.symlink_to("x")
    elif what == "link to nowhere":
        path.symlink_to("gone")
    elif what == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("what", ["link", "link to nowhere", "folder", "pipe"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, what: str) -> None:
    make(tmp_path, what)
    with pytest.raises(RepositoryError, match="must be a plain file"):
        chosen(ENV, tmp_path)


def test_only_the_beginning_of_a_large_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / FILE).open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(RepositoryError, match=f"has more than {SIZE_LIMIT} bytes"):
        chosen(ENV, tmp_path)


@pytest.mark.parametrize("text", ["limits: {minSuccessPct: 0}", "registry: evil", "a: ["])
def test_a_bad_file_ends_it_here(tmp_path: Path, text: str) -> None:
    with pytest.raises(RepositoryError, match=FILE):
        by(tmp_path, text)
