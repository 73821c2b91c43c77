"""A small chart whose branches, keys and holes are known."""

import json
from pathlib import Path

from idag.render import Cache, Suite
from idag.toolchain.store import cache_root

VALUES = """\
name: app
mode: small
size: 3
labels: {}
extra: []
store:
  # The bucket.
  bucket: ""
  secret: ""
unused: here
"""
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "mode": {"enum": ["small", "medium", "large"]},
        "size": {"type": "integer", "maximum": 3},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "extra": {"type": "array", "items": {"type": "string"}},
        "store": {"$ref": "#/$defs/store"},
        "unused": {"type": "string"},
    },
    "$defs": {
        "store": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"bucket": {"type": "string"}, "secret": {"type": "string"}},
        }
    },
}
# The definitions' texts are read by functions: a mark that is rendered would change what they say.
HELPERS = """\
{{- define "limits" -}}
{{- if eq .Values.mode "small" -}}
cpu: 1
{{- else if eq .Values.mode "medium" }}
cpu: 2
{{- else -}}
cpu: 3
{{- end -}}
{{- end -}}

{{- define "bucketed" -}}{{ if .Values.store.bucket }}yes{{ end }}{{- end -}}
"""
OBJECT = """\
{{- /* a comment with {{ if braces }} and a "quote */}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Values.name | quote }}
data:
  limits: {{ include "limits" . | fromYaml | toJson | quote }}
  {{- if eq (include "bucketed" .) "yes" }}
  bucket: {{ "{{bucket}}" | quote }}
  {{- end }}
  {{- with .Values.store }}
  {{- if .secret }}
  secret: {{ .secret }}
  {{- end }}
  {{- end }}
  {{- range .Values.extra }}
  {{ . }}: "1"
  {{- else }}
  none: "1"
  {{- end }}
  {{- if semverCompare "<1.33-0" .Capabilities.KubeVersion.Version }}
  old: "true"
  {{- end }}
  size: "{{ .Values.size }}"
"""
CASES = {"stored": "mode: medium\nname: app\nstore: {bucket: b}\nunused: other\nextra: [one]\n"}


class KeptCache(Cache):
    """The render cache for changed copies of the chart too: of a small chart they are few."""

    def fork(self) -> Cache:
        return self


def small_suite(folder: Path) -> Suite:
    """Write the chart and its cases below `folder`."""
    chart = folder / "small"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text(VALUES)
    (chart / "values.schema.json").write_text(json.dumps(SCHEMA))
    (chart / "templates" / "_helpers.tpl").write_text(HELPERS)
    (chart / "templates" / "object.yaml").write_text(OBJECT)
    cases = folder / "cases"
    cases.mkdir()
    for name, text in CASES.items():
        (cases / f"{name}.yaml").write_text(text)
    return Suite(chart=chart, cases_folder=cases, cache=KeptCache(cache_root() / "render"))
