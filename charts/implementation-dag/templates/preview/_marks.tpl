{{- /* Labels and annotations of a preview's namespace beside those of its run: a mesh's, and what values give. {labels, annotations}. */}}
{{- define "implementation-dag.preview.marks" -}}
{{- $mesh := include "implementation-dag.mesh.namespace" . | fromYaml -}}
{{- dict "labels" (merge $mesh.labels .Values.preview.labels) "annotations" (merge $mesh.annotations .Values.preview.annotations) | toYaml -}}
{{- end }}
