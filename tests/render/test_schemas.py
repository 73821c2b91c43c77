"""Every object of the whole matrix fits its schema; values.schema.json describes every value."""

import copy
from functools import partial
from pathlib import Path

import pytest
import yaml

from idag.overlays import build
from idag.render import RenderError, helm
from idag.render.manifests import load
from idag.render.targets import HELMS, KUBERNETES, TARGETS
from idag.schemas import validate
from scripts.chart.render.project import CHART, ROOT, SUITE
from scripts.chart.render.verdicts import remembered
from scripts.chart.schemas.values import ValuesSchema

KUSTOMIZE = ROOT / "kustomize"


@pytest.mark.parametrize("minor", KUBERNETES)
def test_every_rendered_object_fits_its_schema(minor: str) -> None:
    targets = [target for target in TARGETS if target.kubernetes == minor]
    faults = {
        f"{render.case.name}: {fault}"
        for render in SUITE.renders(targets=targets)
        for fault in remembered(partial(validate, render.objects.plain, minor), render.objects.plain, minor)
    }
    assert not faults, "\n" + "\n".join(sorted(faults))


def folders() -> list[str]:
    """What else kustomize builds: overlays are cases of the matrix, `rendered` holds what they build to."""
    files = [path for path in KUSTOMIZE.rglob("kustomization.yaml") if load(path.read_text())["kind"] != "Component"]
    places = sorted(path.parent.relative_to(KUSTOMIZE) for path in files)
    # A folder `chart` holds no objects, only how kustomize is to call helm.
    return [str(place) for place in places if place.parts[0] not in ("overlays", "rendered") and place.name != "chart"]


@pytest.mark.parametrize("folder", folders())
def test_every_object_built_without_the_matrix_fits_its_schema(folder: str) -> None:
    objects = build.objects(build.build(KUSTOMIZE / folder))
    assert objects
    faults = {fault for minor in KUBERNETES for fault in remembered(partial(validate, objects, minor), objects, minor)}
    assert not faults, "\n" + "\n".join(sorted(faults))


@pytest.fixture(scope="module")
def schema() -> ValuesSchema:
    return ValuesSchema(CHART)


def test_values_and_their_schema_agree(schema: ValuesSchema) -> None:
    assert schema.faults() == []


@pytest.mark.parametrize("name", HELMS)
def test_helm_refuses_a_wrong_type_of_every_value_by_its_name(name: str, schema: ValuesSchema, tmp_path: Path) -> None:
    """One run of helm tells all that is wrong: round by round each value gets another wrong type."""
    leaves = schema.leaves()
    wrong = {leaf.path: schema.wrong(leaf.schema) for leaf in leaves}
    assert [path for path, samples in wrong.items() if len(samples) < 3] == []
    for round_number in range(max(map(len, wrong.values()))):
        values = copy.deepcopy(schema.values)
        changed = [path for path, samples in wrong.items() if round_number < len(samples)]
        for path in changed:
            *parents, key = path.split(".")
            node = values
            for parent in parents:
                node = node[parent]
            node[key] = wrong[path][round_number]
        file = tmp_path / f"values-{round_number}.yaml"
        file.write_text(yaml.safe_dump(values))
        with pytest.raises(RenderError) as refused:
            helm.template(CHART, file, helm=name)
        # Helm 3 writes a key `preview.ttlHours:`, Helm 4 `'/preview/ttlHours':`.
        told = f"{refused.value}".replace("/", ".")
        unnamed = [path for path in changed if f"- {path}: " not in told and f"'.{path}'" not in told]
        assert not unnamed, f"{unnamed} are not named in:\n{refused.value}"
