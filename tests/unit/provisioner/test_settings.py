"""What the chart tells the provisioner is read whole."""

from __future__ import annotations

import json

from implementation_dag.contract.settings import written
from implementation_dag.provisioner import settings

from .example import told


def test_each_step_has_its_limit() -> None:
    steps = told().steps
    sections = {name: written(getattr(steps, name)) for name in ("installation", "git", "namespace", "preview")}
    env = {"RELEASE": "r", "NAMESPACE": "n", "OBJECTS": "kind: x", "STEP_SECONDS": "600"}
    found = settings.load(env | {"SETTINGS": json.dumps(sections | {"acceptance": {}})})
    assert (found.steps, found.objects, found.log_level) == (steps, "kind: x", "INFO")
    assert [found.limit(step) for step in ("set-params", "provision")] == [600, 600]
    # The deletion, and the uninstall before it.
    assert [found.limit(step) for step in ("remove-preview", "keep-preview")] == [960, 960]
