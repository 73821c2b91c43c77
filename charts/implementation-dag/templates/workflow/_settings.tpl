{{- /*
Settings of all steps, read by implementation_dag.contract.config. They are part of the WorkflowTemplate, not a ConfigMap: Argo keeps the
spec with each Workflow, so an upgrade of the release changes nothing under one that runs.
*/}}
{{- define "implementation-dag.settings" -}}
chart: {{ .Chart.Version }}
image: {{ include "implementation-dag.image" . }}
clusterScoped: {{ .Values.rbac.clusterScoped }}
git:
  {{- toYaml (omit .Values.git "githubApp") | nindent 2 }}
namespace:
  {{- toYaml .Values.namespace | nindent 2 }}
deploy:
  {{- toYaml (omit .Values.deploy "ingress") | nindent 2 }}
  ingress:
    annotationsKey: {{ .Values.deploy.ingress.annotationsKey }}
    annotations:
      {{- include "implementation-dag.ingressAnnotations" . | nindent 6 }}
preview:
  {{- toYaml (omit .Values.preview "quota" "limits" "network" "precreated" "labels" "annotations") | nindent 2 }}
previewNamespace:
  {{- include "implementation-dag.preview.namespace" . | nindent 2 }}
{{- with .Values.agents.reference }}
{{- if .enabled }}
{{- range $app, $agent := .apps }}
{{- $_ := required (printf "value agents.reference.apps.%s.image or agents.reference.image is needed" $app) (default $.Values.agents.reference.image $agent.image) }}
{{- end }}
agents:
  image: {{ .image | quote }}
  apps:
    {{- toYaml .apps | nindent 4 }}
  timeoutSeconds: {{ .timeoutSeconds | int }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  workspaceSize: {{ $.Values.steps.workspaceSize }}
  retries: {{ $.Values.workflow.retries | int }}
{{- end }}
{{- end }}
acceptance:
  {{- toYaml .Values.acceptance | nindent 2 }}
evidence:
  fileLimitBytes: {{ .Values.agents.reference.evidenceFileLimitBytes | int }}
{{- end }}

{{- /* The kubelet reads $$ in a variable as $. */}}
{{- define "implementation-dag.settingsEnv" -}}
- name: SETTINGS
  value: |
    {{- include "implementation-dag.settings" . | fromYaml | toYaml | replace "$" "$$" | nindent 4 }}
{{- end }}
