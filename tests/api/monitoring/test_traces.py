"""The real controller tells a collector of each run: one whole trace, also of a run during which it died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from lightkube import Client

from implementation_dag.base import kube
from tests import otlp
from tests.answering import Request, serving
from tests.api.previews import NAMESPACE
from tests.api.pull_requests.argo import Argo
from tests.api.pull_requests.place import Place
from tests.api.pull_requests.process import until


@dataclass
class Collector:
    """Takes what it is told, but for so many times at first."""

    refuses: int
    told: list[bytes] = field(default_factory=list)

    def answer(self, request: Request) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.refuses -= 1
        if self.refuses < 0:
            self.told.append(body)
        request.send_response(503 if self.refuses >= 0 else 200)
        request.end_headers()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the processes of this test know: they are begun after it."""
    found = Collector(refuses=2)
    with serving(found.answer) as port:
        monkeypatch.setenv("TRACES", f"http://127.0.0.1:{port}")
        yield found


def test_each_run_is_one_whole_trace_whatever_dies(
    collector: Collector, place: Place, argo: Argo, client: Client, request: pytest.FixtureRequest
) -> None:
    good, commit = place.open("good")
    place.until(good, "Ready", commit)
    until(lambda: collector.told)
    argo.hold = True
    killed, commit = place.open("killed")
    place.until(killed, "Running", commit)
    place.controller.kill()
    argo.hold = False
    place.controller.start()
    place.until(killed, "Ready", commit)
    argo.fails = True
    bad, commit = place.open("bad")
    place.until(bad, "Failed", commit)
    names = [place.status(number)["run"]["name"] for number in (good, killed, bad)]
    workflows = [kube.as_dict(client.get(kube.Workflow, name, namespace=NAMESPACE)) for name in names]
    runs = {each["metadata"]["uid"].replace("-", "") for each in workflows}
    until(lambda: len(collector.told) >= len(runs), lambda: len(collector.told))
    traces = [otlp.read(body) for body in collector.told]
    request.node.user_properties.extend(("trace", run) for run in runs)
    complete = [trace for trace in traces if trace.complete and trace.spans > 3]
    request.node.user_properties.extend(("trace_complete", run) for trace in complete for run in trace.ids & runs)
    assert sorted(run for trace in complete for run in trace.ids) == sorted(runs)
