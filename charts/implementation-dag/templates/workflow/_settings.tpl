{{- /*
What our steps are told, a definition for each section; implementation_dag.contract.settings has their types, and which step gets
which. Those of pods are part of the WorkflowTemplate, not a ConfigMap: Argo keeps the spec with each Workflow, so an upgrade of the
release changes nothing under one that runs.
*/}}
{{- define "implementation-dag.settings.installation" -}}
chart: {{ .Chart.Version | quote }}
image: {{ include "implementation-dag.image" . | quote }}
clusterScoped: {{ .Values.rbac.clusterScoped }}
{{- end }}

{{- define "implementation-dag.settings.git" -}}
{{- toYaml (pick .Values.git "baseUrl" "credentialsSecret" "authorName" "authorEmail") }}
{{- end }}

{{- define "implementation-dag.settings.namespace" -}}
{{- toYaml .Values.namespace }}
{{- end }}

{{- define "implementation-dag.settings.cost" -}}
{{- with .Values.cost }}
cpuCoreHour: {{ .cpuCoreHour | toJson }}
memoryGibHour: {{ .memoryGiBHour | toJson }}
currency: {{ .currency | quote }}
{{- end }}
{{- end }}

{{- /* "true" where what runs take has a price. */}}
{{- define "implementation-dag.priced" -}}
{{- if or .Values.cost.cpuCoreHour .Values.cost.memoryGiBHour }}true{{ end -}}
{{- end }}

{{- /* Resources of the containers that a task lets run beside its own pod, by the folder of its evidence. */}}
{{- define "implementation-dag.settings.beside" -}}
{{- $own := .Values.steps.resources }}
deploy: {{ list .Values.deploy.resources $own | toJson }}
{{- with .Values.agents.reference }}
{{- if .enabled }}
{{- range $app, $_ := .apps }}
{{ $app }}: {{ list $.Values.agents.reference.resources $own | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A signed address opens one file: nothing beside it. */}}
{{- define "implementation-dag.settings.pages" -}}
links: {{ empty .Values.forge.secrets.evidence }}
{{- end }}

{{- define "implementation-dag.settings.deploy" -}}
image:
  {{- toYaml (omit .Values.deploy.image "pullSecret") | nindent 2 }}
{{- toYaml (omit .Values.deploy "image" "ingress") | nindent 0 }}
ingress:
  annotationsKey: {{ .Values.deploy.ingress.annotationsKey | quote }}
  annotations:
    {{- include "implementation-dag.ingressAnnotations" . | nindent 4 }}
{{- end }}

{{- /* What a repository may say of itself, and the defaults that it says it in place of. */}}
{{- define "implementation-dag.settings.repositories" -}}
settings: {{ .Values.repositories.settings | toJson }}
mostRequestsPerHost: {{ min .Values.repositories.mostRequestsPerHost (include "implementation-dag.mostRequests" .) }}
defaults:
  {{- toYaml (omit .Values.defaults "domain") | nindent 2 }}
{{- end }}

{{- define "implementation-dag.settings.preview" -}}
{{- toYaml (pick .Values.preview "ttlHours" "podSecurity" "deletionTimeoutSeconds" "pullSecrets") }}
{{ include "implementation-dag.preview.marks" . }}
{{- end }}

{{- define "implementation-dag.settings.agents" -}}
{{- with .Values.agents.reference }}
{{- range $app, $agent := .apps }}
{{- $_ := required (printf "value agents.reference.apps.%s.image or agents.reference.image is needed" $app) (default $.Values.agents.reference.image $agent.image) }}
{{- end }}
{{- toYaml (omit . "enabled") }}
workspaceSize: {{ $.Values.steps.workspaceSize | toJson }}
retries: {{ $.Values.workflow.retries | int }}
{{- /* The controller gives up a box that finds no room; this is for when nobody says so. */}}
startSeconds: {{ add $.Values.docsrun.fullClusterGraceSeconds $.Values.steps.timeoutSeconds }}
{{- end }}
{{- end }}

{{- define "implementation-dag.settings.acceptance" -}}
{{- toYaml (omit .Values.acceptance "resources") }}
{{- end }}

{{- /* The most requests to each host that the acceptance step has time for. */}}
{{- define "implementation-dag.mostRequests" -}}
{{- with .Values.acceptance }}
{{- mul (sub .stepTimeoutSeconds .timeoutSeconds) .requestsPerSecond | int | max 0 }}
{{- end }}
{{- end }}

{{- /* Requests to each host, refused where the acceptance step would refuse them after everything else. */}}
{{- define "implementation-dag.requestsPerHost" -}}
{{- $requests := .Values.defaults.requestsPerHost | int }}
{{- with .Values.acceptance }}
{{- if lt $requests (len .paths) }}
{{- fail (printf "defaults.requestsPerHost is %d: it must be at least %d, one for each of acceptance.paths" $requests (len .paths)) }}
{{- end }}
{{- $most := include "implementation-dag.mostRequests" $ | int }}
{{- if gt $requests $most }}
{{- fail (printf "defaults.requestsPerHost is %d: it must be at most %d, what acceptance.requestsPerSecond makes within acceptance.stepTimeoutSeconds without the timeoutSeconds of the last one" $requests $most) }}
{{- end }}
{{- end }}
{{- $requests }}
{{- end }}

{{- /* A step's own sections: {root: ., sections: their names}. The kubelet reads $$ in a variable as $. */}}
{{- define "implementation-dag.settingsEnv" -}}
{{- $found := dict }}
{{- range .sections }}
{{- $_ := set $found . (include (printf "implementation-dag.settings.%s" .) $.root | fromYaml) }}
{{- end }}
- name: SETTINGS
  value: |
    {{- toYaml $found | replace "$" "$$" | nindent 4 }}
{{- end }}
