"""Tooling of implementation-dag: pinned tools, the local cluster, images, render tests and the demo."""

import sys
from pathlib import Path

# Some use modules of the runtime; `make` puts it on the path, `python -m scripts.demo` alone does not.
_RUNTIME = str(Path(__file__).resolve().parents[1] / "runtime")
if _RUNTIME not in sys.path:
    sys.path.append(_RUNTIME)
