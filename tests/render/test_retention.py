"""How long evidence, logs and Workflows stay, from the values to what reads them."""

import pytest
import yaml

from idag.render import Suite
from idag.retention import settings
from idag.retention.settings import LOGS_PREFIX
from scripts.chart.render.project import ROOT

CONFIG = "ConfigMap/workflows/implementation-dag-artifacts"
TEMPLATE = "WorkflowTemplate/workflows/implementation-dag"
VALUES = {
    "evidence": {
        "s3": {"bucket": "evidence", "endpoint": "s3.example.com:9000", "insecure": True},
        "retention": {"evidenceDays": 30, "logsDays": 14, "owners": ["acme", "123"]},
    },
    "workflow": {"ttl": {"secondsAfterSuccess": 60, "secondsAfterFailure": 120}},
}


def test_the_command_reads_what_the_chart_renders(suite: Suite) -> None:
    data = suite.render(values=VALUES).objects[CONFIG].data
    read = settings.read(yaml.safe_dump(data))
    assert read == (
        "implementation-dag",
        "workflows",
        "s3.example.com:9000",
        "evidence",
        "us-east-1",
        True,
        30,
        14,
        ("acme", "123"),
    )


def test_logs_lie_under_the_prefix_of_their_rule(suite: Suite) -> None:
    data = suite.render(values=VALUES).objects[CONFIG].data["data"]
    assert yaml.safe_load(data["evidence"])["archiveLogs"] is True
    assert yaml.safe_load(data["evidence"])["s3"]["keyFormat"].startswith(LOGS_PREFIX)


def test_a_workflow_goes_by_its_outcome(suite: Suite) -> None:
    ttl = suite.render(values=VALUES).objects[TEMPLATE].data["spec"]["ttlStrategy"]
    # secondsAfterCompletion is for Error, which to Argo is neither.
    assert ttl == {"secondsAfterSuccess": 60, "secondsAfterFailure": 120, "secondsAfterCompletion": 120}


@pytest.mark.parametrize(("name", "days"), [("dev", (7, 7)), ("staging", (30, 30)), ("production", (365, 90))])
def test_environments_keep_their_evidence_as_long_as_the_readme_says(name: str, days: tuple[int, int]) -> None:
    read = settings.read((ROOT / "kustomize" / "rendered" / name / "manifests.yaml").read_text())
    assert (read.bucket, read.evidence_days, read.logs_days) == (f"implementation-dag-{name}", *days)
