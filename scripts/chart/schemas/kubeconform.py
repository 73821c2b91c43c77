"""A second opinion on the same schemas by kubeconform, which reads them with another validator."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from kubernetes_validate import utils

from idag.render.manifests import Object
from idag.schemas.builtin import folder as builtin_folder
from idag.schemas.builtin import validator as builtin_validator
from idag.schemas.pinned import schemas_of
from idag.schemas.structural import Schema, strict_schemas
from idag.toolchain import tool

_REFERENCE = re.compile(r'"(?:/api/_definitions\.json)?#/\$defs/([^"]+)"')


def second_opinion(items: Iterable[Object], kube_minor: str, work: Path) -> list[str]:
    """Return kubeconform's complaints about the objects; files are written to the empty folder `work`.

    A kind without a schema is a complaint. A kind with several schemas (lines of Argo) is judged by each.
    """
    objects = list(items)
    crds = [item for item in objects if item["kind"] == "CustomResourceDefinition"]
    own = {
        f"{crd['spec']['group']}/{version} {crd['spec']['names']['kind']}": {"crd": schema}
        for crd in crds
        for version, schema in strict_schemas(crd).items()
    }
    rounds: dict[str, list[Object]] = {}
    for item in objects:
        schemas = own.get(f"{item['apiVersion']} {item['kind']}") or _schemas(item, kube_minor)
        for source, schema in (schemas or {"none": {}}).items():
            rounds.setdefault(source, []).append(item)
            path = work / source / _file_name(item)
            if schema and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(schema))
    return [line for source, chosen in rounds.items() for line in _run(chosen, kube_minor, work / source)]


def _schemas(item: Object, kube_minor: str) -> dict[str, Schema]:
    group, _, version = item["apiVersion"].rpartition("/")
    if builtin_validator(group, version, item["kind"], kube_minor):
        return {"kubernetes": _standalone(_file_name(item), kube_minor)}
    return schemas_of(group, item["kind"], version)


@cache
def _standalone(name: str, kube_minor: str) -> Schema:
    """The package's schema with the definitions it needs inside: kubeconform follows no reference to a file."""
    root = builtin_folder(kube_minor)
    everything: dict[str, Any] = utils.schema_contents(f"{root}/_definitions.json", kube_minor)["$defs"]
    text = json.dumps(utils.schema_contents(f"{root}/{name}", kube_minor))
    needed: dict[str, str] = {}
    waiting = _REFERENCE.findall(text)
    while waiting:
        if (key := waiting.pop()) not in needed:
            needed[key] = json.dumps(everything[key])
            waiting += _REFERENCE.findall(needed[key])
    schema = json.loads(_REFERENCE.sub(r'"#/$defs/\1"', text))
    # Its address on the web would become the base of the references.
    schema.pop("$id", None)
    definitions = {key: json.loads(_REFERENCE.sub(r'"#/$defs/\1"', value)) for key, value in needed.items()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def _file_name(item: Object) -> str:
    """kubeconform's and kubernetes-validate's common way to name a schema: `deployment-apps-v1.json`."""
    group, _, version = item["apiVersion"].rpartition("/")
    return "-".join(part for part in (item["kind"].lower(), group.split(".")[0], version) if part) + ".json"


def _run(items: list[Object], kube_minor: str, folder: Path) -> list[str]:
    location = f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    command = [str(tool("kubeconform")), "-strict", "-output", "json"]
    command += ["-kubernetes-version", f"{kube_minor}.0", "-schema-location", location]
    done = subprocess.run(
        command,
        input="\n---\n".join(json.dumps(item) for item in items),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    report = json.loads(done.stdout)
    lines = [f"{folder.name}: {entry['kind']}/{entry['name']}: {entry.get('msg', '')}" for entry in report["resources"]]
    if done.returncode and not lines:
        lines = [f"{folder.name}: kubeconform ended with code {done.returncode}: {done.stderr.strip()}"]
    return lines
