{{- /*
The one container of a step of ours: {root: ., step: its subcommand, settings: the sections that it is told, env: its other
variables, mounts: what it has beside scratch and trust, of token, git, artifacts and registry, resources: those of values
steps.resources unless given}.
*/}}
{{- define "implementation-dag.step.container" -}}
image: {{ include "implementation-dag.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [python3, -m, implementation_dag]
args: [{{ .step }}]
env:
  {{- include "implementation-dag.settingsEnv" (dict "root" .root "sections" .settings) | nindent 2 }}
  {{- include "implementation-dag.logEnv" .root | nindent 2 }}
  {{- .env | nindent 2 }}
resources:
  {{- toYaml (default .root.Values.steps.resources .resources) | nindent 2 }}
securityContext:
  {{- include "implementation-dag.securityContext.container" .root | nindent 2 }}
volumeMounts:
  {{- include "implementation-dag.step.mounts" .root | nindent 2 }}
  {{- range .mounts }}
  {{- include (printf "implementation-dag.%sMount" .) $.root | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "implementation-dag.deployEnv" -}}
{{ include "implementation-dag.runEnv" . }}
{{- range list "NS" "RELEASE" "HOST" "IMAGE_TAG" }}
- {name: {{ . }}, value: "{{ printf "{{inputs.parameters.%s}}" . }}"}
{{- end }}
- {name: COMMIT, value: "{{ "{{inputs.parameters.commit}}" }}"}
- {name: QA_COMMIT, value: "{{ "{{inputs.parameters.qa-commit}}" }}"}
- {name: CHART_PATH, value: "{{ "{{workflow.parameters.chartPath}}" }}"}
- {name: VALUES_FILE, value: "{{ "{{workflow.parameters.valuesFile}}" }}"}
{{- if .Values.deploy.image.pullSecret }}
- {name: DOCKER_CONFIG, value: /etc/implementation-dag-registry}
{{- end }}
{{- include "implementation-dag.outwardEnv" . | nindent 0 }}
{{- end }}

{{- define "implementation-dag.acceptanceEnv" -}}
- {name: WORKFLOW, value: "{{ "{{workflow.name}}" }}"}
- {name: NS, value: "{{ "{{inputs.parameters.NS}}" }}"}
- {name: IMAGE, value: "{{ "{{inputs.parameters.image}}" }}"}
- {name: DIGESTS, value: "{{ "{{inputs.parameters.digests}}" }}"}
- {name: REPOSITORY, value: "{{ "{{inputs.parameters.repository}}" }}"}
{{- range splitList " " (include "implementation-dag.thresholds" .) }}
- {name: {{ upper . }}, value: "{{ printf "{{inputs.parameters.%s}}" . }}"}
{{- end }}
- {name: URLS_FILE, value: /input/urls.json}
- {name: OUT, value: /artifacts/acceptance}
{{- if .Values.trust.configMap }}
- {name: CA_FILE, value: /etc/ssl/idag/ca-bundle.crt}
{{- end }}
{{- end }}

{{- define "implementation-dag.evidenceEnv" -}}
{{ include "implementation-dag.workflowEnv" . }}
- {name: STATUS, value: "{{ "{{workflow.status}}" }}"}
{{- end }}

{{- define "implementation-dag.registryMount" -}}
{{- if .Values.deploy.image.pullSecret }}
- {name: registry, mountPath: /etc/implementation-dag-registry, readOnly: true}
{{- end }}
{{- end }}

{{- define "implementation-dag.agentEnv" -}}
{{ include "implementation-dag.runEnv" . }}
- {name: STAGE, value: "{{ "{{inputs.parameters.github-app}}" }}"}
- {name: COMMIT, value: "{{ "{{inputs.parameters.commit}}" }}"}
- {name: BRANCH, value: "{{ "{{inputs.parameters.branch}}" }}"}
{{- include "implementation-dag.outwardEnv" . | nindent 0 }}
{{- end }}
