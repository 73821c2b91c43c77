"""The cluster with policies enforced, previews to attack from and to attack, and the summary of what came of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.render import helm
from scripts.lab.cluster import policies
from scripts.lab.cluster.__main__ import main as cluster
from scripts.lab.stand.session import Session

from . import applications, arguments, box, charts, layers, network, pipeline, proofs, requests
from .box import NEIGHBOUR, ROOT, SHARED, WIDE, Box
from .corpus import Case, load

SUMMARY = Path("out") / "isolation" / "summary.json"
AT_ONCE = 4
RUNNERS: dict[str, Callable[[Box, Case], str]] = {
    "argument": arguments.argument,
    "workflow": pipeline.workflow,
    "chart": charts.chart,
    "pod": charts.pod,
    "docsrun": charts.docsrun,
    "agent": pipeline.agent,
    "connect": network.connect,
    "bomb": applications.bomb,
    "answer": applications.answer,
    "message": pipeline.message,
    "request": requests.request,
}
# The longest first, so that the others run beside them.
ORDER = ["bomb", "answer", "agent", "workflow", "message", "docsrun", "pod", "chart", "connect", "request", "argument"]


@dataclass(frozen=True)
class Record:
    """What came of one attack: `message` is what the attacker's run said at its end."""

    case: Case
    contained: bool
    message: str


@pytest.fixture(scope="session")
def prepared_box(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Previews with their fences, on the local cluster, with network policies enforced."""
    made = box.of(session, tmp_path_factory.mktemp("box"))
    assert session.environment.local, "the attacks need the local cluster: they use addresses and bombs of this machine"
    state = session.environment.state
    was_enforced = policies.running(state)
    assert cluster(["enforce"]) == 0
    layers.restore(made.kubectl, made.release, made.namespace)
    made.remove_previews("--timeout=120s")
    try:
        for pr in (SHARED, NEIGHBOUR, WIDE):
            made.provision(pr)
        widen(made, WIDE)
        network.start(made)
        arguments.start(made)
        yield made
    finally:
        layers.restore(made.kubectl, made.release, made.namespace)
        made.kubectl.run(
            "delete", "pod,configmap,workflowtemplate", layers.SELECTOR, f"--namespace={made.namespace}", "--wait=false"
        )
        # The cluster does it while other tests run, or is taken down itself.
        made.remove_previews("--wait=false")
        made.kubectl.run("delete", "namespace", network.OPEN_NAMESPACE, "--ignore-not-found", "--timeout=120s")
        made.kubectl.run("delete", "pod", network.FENCED, f"--namespace={made.namespace}", "--ignore-not-found")
        if not was_enforced:
            policies.remove(state)


def widen(made: Box, pr: int) -> None:
    """Give the preview the fences of an installation whose operator allowed all of IPv4."""
    values = made.folder / "wide.json"
    everywhere = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
    values.write_text(json.dumps({"preview": {"network": {"extraEgress": everywhere}}}))
    objects = helm.template(ROOT / "charts" / "implementation-dag", values)
    name = "implementation-dag-provisioner"
    (found,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == ("Deployment", name)]
    (text,) = [
        item["value"] for item in found["spec"]["template"]["spec"]["containers"][0]["env"] if item["name"] == "OBJECTS"
    ]
    policy = next(item for item in yaml.safe_load_all(text) if item["metadata"]["name"] == "preview-allow")
    provisioner = made.acting(f"{made.release}-provisioner")
    provisioner.run(
        "apply", "--server-side", "--force-conflicts", "--filename=-", f"--namespace=impl-pr-{pr}",
        stdin=json.dumps(policy),
    )  # fmt: skip


@pytest.fixture(scope="session")
def metadata_log(prepared_box: Box) -> Iterator[Path]:
    """Who asked the stand-in of the metadata service."""
    with network.metadata_service(prepared_box.folder) as log:
        yield log


@pytest.fixture(scope="session")
def attacks(request: pytest.FixtureRequest, prepared_box: Box, metadata_log: Path) -> Iterator[dict[str, Future[Any]]]:
    """All attacks that this run selected, under way; some at once."""
    parameters = [getattr(getattr(item, "callspec", None), "params", {}).get("case") for item in request.session.items]
    wanted = {case.name for case in parameters if isinstance(case, Case)}
    cases = sorted((case for case in load() if case.name in wanted), key=lambda case: ORDER.index(case.kind))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case.name: pool.submit(run, prepared_box, case) for case in cases}
        pool.shutdown(cancel_futures=True)


def run(made: Box, case: Case) -> Record:
    """Carry the attack out; contained when it was refused in the words of its layer, and they are safe to print."""
    message = RUNNERS[case.kind](made, case)
    expected = requests.named(made, case.refused)
    unasked = pipeline.PUSHED in message and "pushed" not in case.refused
    contained = re.search(expected, message, re.DOTALL) is not None and "\x1b" not in message and not unasked
    return Record(case, contained, message)


@pytest.fixture(scope="session")
def records() -> Iterator[list[Record]]:
    """Results so far; written to out/isolation/summary.json at the end."""
    found: list[Record] = []
    yield found
    shown = proofs.proven([record.case for record in found])
    by_layer = Counter(record.case.layer for record in found if record.contained)
    document = {
        "cases": len(found),
        "contained": sum(record.contained for record in found),
        "proven": len(shown),
        "unproven": sorted({record.case.name for record in found} - shown),
        "by_layer": dict(sorted(by_layer.items())),
        "attacks": [
            {
                "name": record.case.name,
                "about": record.case.about,
                "layer": record.case.layer,
                "contained": record.contained,
                "proven": record.case.name in shown,
                "message": record.message[-600:].strip(),
            }
            for record in sorted(found, key=lambda record: record.case.name)
        ],
    }
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(document, indent=2) + "\n")
