"""Render a chart for many situations, versions and overlays, fast, and address what comes out.

Names to build on:

- `project.SUITE`: this project's chart, cases (tests/render/cases/*.yaml), overlays (kustomize/overlays/*) and
  snapshots. `suite.Suite(chart=..., cases_folder=...)` is the same for another chart;
  `dataclasses.replace(SUITE, chart=copy, cache=Cache(None))` for a changed copy of ours.
- `SUITE.cases`: `cases.Case` by name: `default`, one a values file, `overlays/<name>` one an overlay.
- `SUITE.render(case, target=NEWEST, values={...})`: a `Render` (case, target, objects, warnings), from the cache
  when the same chart content, values, tool and flags were rendered before. Raises RenderError.
- `SUITE.renders(cases, targets)`: iterate over the whole matrix, rendered in parallel.
- `targets.TARGETS`, `targets.NEWEST`: every `Target(kubernetes="1.31".."1.36", helm="helm3"|"helm4")`.
- `objects.Objects`: `objects.deployment("name").containers["c"]["image"]`, `objects["Kind/namespace/name"]`,
  `objects.of("Role")`, `objects.plain` (list of dicts); `objects.Manifest` is one of them.
- `helm.template(chart, [values files], helm="helm3", kube_version="1.31.0", release=, namespace=, cache=)`: only the
  plain objects of one `helm template`; `kustomize.build` is its like for an overlay.
- `cache.Cache(folder)`; `Cache(None)` keeps nothing on disk; the default lies below the toolchain's cache.
- `manifests.load(text)`: read YAML as Kubernetes does; duplicate keys are errors.

Equal documents are the same dict in every render of a process: compare freely, change only a deep copy.
"""

from idag.render.cache import Cache
from idag.render.cases import Case
from idag.render.errors import RenderError, SuiteError
from idag.render.manifests import ManifestError, Object
from idag.render.objects import Manifest, Objects
from idag.render.suite import Render, Suite
from idag.render.targets import NEWEST, TARGETS, Target

__all__ = [
    "NEWEST",
    "TARGETS",
    "Cache",
    "Case",
    "Manifest",
    "ManifestError",
    "Object",
    "Objects",
    "Render",
    "RenderError",
    "Suite",
    "SuiteError",
    "Target",
]
