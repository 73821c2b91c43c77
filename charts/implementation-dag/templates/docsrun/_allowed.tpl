{{- /* Repositories of the images that DocsRuns may run, as JSON. A tag or digest may differ: a run keeps its image over an upgrade. */}}
{{- define "implementation-dag.docsrun.imageRepositories" -}}
{{- prepend .Values.docsrun.imageRepositories .Values.image.repository | toJson -}}
{{- end }}

{{- /* Where sources of DocsRuns lie, without a slash at its end. */}}
{{- define "implementation-dag.docsrun.gitBaseUrl" -}}
{{- trimSuffix "/" .Values.git.baseUrl -}}
{{- end }}
