"""Inside the DocsRun of a removal: keep what explains the failure, then helm uninstall."""

from __future__ import annotations

import os

from implementation_dag.base import kube
from implementation_dag.base.log import fail

from . import command, preview, results

TIME_LIMIT = "2m"
# Its option --ignore-not-found takes every error for this one, a refusal too, and says that it uninstalled.
NEVER_INSTALLED = "release: not found"


def main() -> int:
    """Uninstall RELEASE from NS; 1 when helm could not. A release that was never installed is no failure."""
    namespace, release = os.environ["NS"], os.environ["RELEASE"]
    results.file("diagnosis.txt", preview.diagnosis(kube.client(), namespace))
    code, words = command.run(["uninstall", release, "--namespace", namespace, "--wait", "--timeout", TIME_LIMIT])
    if not code or words.endswith(NEVER_INSTALLED):
        return 0
    fail(words)
    results.failure("HelmFailed", f"helm uninstall ended with exit code {code}: {words}")
    return 1
