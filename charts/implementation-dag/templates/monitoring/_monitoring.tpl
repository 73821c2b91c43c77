{{- /* Port at which each of our processes tells Prometheus how it is. */}}
{{- define "implementation-dag.monitoring.port" }}9090{{ end }}

{{- /* Components whose processes there should be, separated by blanks. */}}
{{- define "implementation-dag.monitoring.components" -}}
controller provisioner
{{- if .Values.reaper.enabled }} reaper{{ end }}
{{- if .Values.forge.enabled }} pull-requests{{ if include "implementation-dag.forge.receives" . }} receiver{{ end }}{{ end }}
{{- end }}

{{- /* The job that the PodMonitor's targets get: by it one release's series are told from another's. */}}
{{- define "implementation-dag.monitoring.job" -}}
{{ .Release.Namespace }}/{{ include "implementation-dag.fullname" . }}
{{- end }}

{{- /* Where people read what an alert means, and whose it is: {root: ., alert: "...", severity: "...", component: of which it is, if of one}. */}}
{{- define "implementation-dag.monitoring.alert" -}}
labels:
  severity: {{ .severity }}
  {{- with .component }}
  component: {{ . }}
  {{- end }}
  job: {{ include "implementation-dag.monitoring.job" .root | quote }}
annotations:
  runbook_url: {{ printf "%s/%s.md" .root.Values.monitoring.runbooks .alert | quote }}
{{- end }}

{{- /* Labels of what the Prometheus Operator reads, beside ours: by them a Prometheus chooses it. */}}
{{- define "implementation-dag.monitoring.labels" -}}
{{ include "implementation-dag.labels" (dict "root" . "component" "monitoring" "pods" .Values.monitoring) }}
{{- end }}
