"""A chart with its cases, overlays and snapshots; and the renders of its matrix."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from idag.render import helm, kustomize
from idag.render.cache import Cache, default_cache
from idag.render.cases import DEFAULT, Case, find_cases
from idag.render.errors import RenderError, SuiteError
from idag.render.manifests import ManifestError, Object
from idag.render.objects import Objects
from idag.render.targets import TARGETS, Target
from idag.render.umbrella import umbrella
from idag.yaml_reader import InputError, load, read_text


def about(chart: Path) -> dict[str, str]:
    """Return name, type and kubeVersion of Chart.yaml, what is left out as an empty text. Raises SuiteError."""
    try:
        read = load(read_text(chart / "Chart.yaml"))
        return {"name": str(read["name"])} | {key: str(read.get(key) or "") for key in ("type", "kubeVersion")}
    except (InputError, KeyError, TypeError, AttributeError) as error:
        raise SuiteError(f"{chart} is no chart: Chart.yaml with a name is needed ({error})") from error


@dataclass(frozen=True)
class Render:
    """The objects of a case for a target, and what the tool warned of."""

    case: Case
    target: Target
    objects: Objects
    warnings: str


@dataclass(frozen=True)
class Suite:
    """What is rendered. `dataclasses.replace(SUITE, chart=copy, cache=Cache(None))` gives the same tests of a copy."""

    chart: Path
    cases_folder: Path | None = None
    overlays: Path | None = None
    ci: Path | None = None
    snapshots: Path | None = None
    release: str = ""
    namespace: str = DEFAULT
    targets: tuple[Target, ...] = TARGETS
    cache: Cache = field(default_factory=default_cache)

    @cached_property
    def cases(self) -> dict[str, Case]:
        """Cases by name, `default` first."""
        return find_cases(self.cases_folder, self.overlays, self.ci)

    @cached_property
    def chart_name(self) -> str:
        """The name in Chart.yaml. Raises SuiteError."""
        return about(self.chart)["name"]

    def case(self, name: str) -> Case:
        """Return the case. Raises SuiteError that says which there are."""
        try:
            return self.cases[name]
        except KeyError:
            raise SuiteError(f"there is no case {name!r}; there are {', '.join(self.cases)}") from None

    def render(
        self,
        case: str | Case = DEFAULT,
        target: Target | None = None,
        values: Mapping[str, Any] | None = None,
        sample: int = 0,
    ) -> Render:
        """Render a case for a target, the newest without one, with `values` on top; from the cache if it is there.

        Another `sample` is another run with the same inputs. Raises RenderError that names case and target.
        """
        chosen = self.case(case) if isinstance(case, str) else case
        target = target or self.targets[-1]
        try:
            output = self._output(chosen, target, values, sample)
            return Render(chosen, target, Objects(output.objects), output.warnings)
        except (RenderError, ManifestError) as error:
            raise RenderError(f"case {chosen.name}, {target}: {error}") from error

    def renders(self, cases: Iterable[str] | None = None, targets: Iterable[Target] | None = None) -> Iterator[Render]:
        """Render the matrix, as many at once as there are processors, and yield case by case and target by target.

        Raises RenderError.
        """
        pairs = [(case, target) for case in cases or self.cases for target in targets or self.targets]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(lambda pair: self.render(*pair), pairs)

    def _output(self, case: Case, target: Target, values: Mapping[str, Any] | None, sample: int) -> helm.Output:
        if case.overlay:
            if values:
                raise SuiteError(f"case {case.name} is an overlay: it takes no values from a test")
            return kustomize.build(
                case.overlay,
                sources=[case.overlay.parents[1], self.chart],
                helm=target.helm,
                kube_version=target.kube_version,
                cache=self.cache,
                sample=sample,
            )
        # A temporary folder takes longer than all else that a cached render does.
        with (
            tempfile.TemporaryDirectory() if values else nullcontext("") as folder,
            umbrella(self.chart, case.aliases) as chart,
        ):
            files = list(case.values)
            if values:
                files.append(Path(folder) / "values.yaml")
                files[-1].write_text(json.dumps(values), encoding="utf-8")
            output = helm.run(
                chart,
                files,
                helm=target.helm,
                kube_version=target.kube_version,
                release=case.release or self.release or self.chart_name,
                namespace=case.namespace or self.namespace,
                api_versions=case.api_versions,
                cache=self.cache,
                sample=sample,
            )
        return output._replace(objects=_crds_once(output.objects)) if case.aliases else output


def _crds_once(objects: list[Object]) -> list[Object]:
    """Helm hands out the CRDs of a part once for each alias; when it installs, it makes the first and skips others."""
    kept: list[Object] = []
    for item in objects:
        if item["kind"] != "CustomResourceDefinition" or item not in kept:
            kept.append(item)
    return kept
