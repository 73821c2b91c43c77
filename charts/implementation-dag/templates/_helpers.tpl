{{- /* As a part of another chart, maybe more than once in a release, by the part's name too; a hash keeps what is cut apart. */}}
{{- define "implementation-dag.fullname" -}}
{{- if or .Values.fullnameOverride .Chart.IsRoot -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name | lower | replace "_" "-" -}}
{{- if gt (len $name) 40 }}{{ $name = printf "%s-%s" (trunc 31 $name | trimSuffix "-") (sha256sum $name | trunc 8) }}{{ end -}}
{{- $name -}}
{{- end -}}
{{- end }}

{{- define "implementation-dag.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end }}

{{- /* By which the controller's pods are found. */}}
{{- define "implementation-dag.controller.selector" -}}
app.kubernetes.io/name: {{ include "implementation-dag.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: controller
{{- end }}

{{- /* Labels that values give, as JSON: {root: ., pods: of a pod its entry of pods}. */}}
{{- define "implementation-dag.givenLabels" -}}
{{- merge (deepCopy ((.pods | default dict).labels | default dict)) .root.Values.commonLabels | toJson -}}
{{- end }}

{{- /* Labels of every object of the chart: {root: ., component: "...", pods: of a pod its entry of pods}. */}}
{{- define "implementation-dag.labels" -}}
app.kubernetes.io/name: {{ include "implementation-dag.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- with include "implementation-dag.givenLabels" . | fromJson }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "implementation-dag.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end }}

{{- /* Who our pods run as, as JSON; what is left out the platform gives. */}}
{{- define "implementation-dag.securityContext.ids" -}}
{{- $ids := dict -}}
{{- range $field, $id := .Values.podSecurityContext }}{{ if $id }}{{ $_ := set $ids $field (int64 $id) }}{{ end }}{{ end -}}
{{- toJson $ids -}}
{{- end }}

{{- /* All but the ids is ours: values cannot weaken it. */}}
{{- define "implementation-dag.securityContext.pod" -}}
runAsNonRoot: true
{{- range $field, $id := include "implementation-dag.securityContext.ids" . | fromJson }}
{{ $field }}: {{ int64 $id }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "implementation-dag.securityContext.container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Where a run's evidence lies in the bucket, as contract/names.py says it; exit handlers run even for refused arguments. */}}
{{- define "implementation-dag.evidencePrefix" -}}
{{ include "implementation-dag.evidenceFolder" . }}/{{ "{{workflow.name}}" }}
{{- end }}

{{- /* Where all runs of its pull request have theirs. */}}
{{- define "implementation-dag.evidenceFolder" -}}
{{- $names := "workflow.parameters.owner + '/' + workflow.parameters.repo + '/pr-' + workflow.parameters.pr" }}
{{- printf "{{=%s ? %s : '_refused/' + workflow.namespace}}" (include "implementation-dag.namesOne" .) $names }}
{{- end }}

{{- /* Of Argo's expressions: whether the arguments can be a pull request's name. Wider than what set-params lets pass. */}}
{{- define "implementation-dag.namesOne" -}}
{{- $owner := "workflow.parameters.owner matches '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$'" }}
{{- $repo := "workflow.parameters.repo matches '^[A-Za-z0-9._-]{1,100}$' && workflow.parameters.repo not in ['.', '..']" }}
{{- $pr := "workflow.parameters.pr matches '^[0-9]{1,9}$'" }}
{{- printf "%s && %s && %s" $owner $repo $pr }}
{{- end }}

{{- /*
The lock that a run holds from its start to the end of its exit handler: of one pull request's runs one goes on, the others
wait. Owners have no dot, numbers neither, so no two pull requests share one. Names ignore case, as at every forge. What names
no pull request waits for nobody: its first step refuses it.
*/}}
{{- define "implementation-dag.mutex" -}}
{{- $names := "lower(workflow.parameters.owner + '.' + workflow.parameters.repo) + '.pr-' + workflow.parameters.pr" }}
{{- printf "%s.{{=%s ? %s : workflow.name}}" (include "implementation-dag.fullname" .) (include "implementation-dag.namesOne" .) $names }}
{{- end }}

{{- /* A parameter as base64: in clear, Argo would evaluate {{...}} and the kubelet expand $(...) in it before it can be refused. */}}
{{- define "implementation-dag.parameter" -}}
{{ printf "{{=sprig.b64enc(workflow.parameters.%s)}}" . }}
{{- end }}

{{- /* The commit that a stage hands on. Stages may be anybody's: what is no commit becomes a word that the next step refuses. */}}
{{- define "implementation-dag.commitOf" -}}
{{- $commit := printf "tasks['%s'].outputs.parameters.%s" . (ternary "COMMIT" "commit" (eq . "set-params")) }}
{{- printf "{{=%s matches '^[0-9a-f]{40}$' ? %s : 'none'}}" $commit $commit }}
{{- end }}

{{- /* For Argo a run that ended in Error has not failed: without secondsAfterCompletion it would stay for ever. */}}
{{- define "implementation-dag.workflowTtl" -}}
{{- with .Values.workflow.ttl -}}
secondsAfterSuccess: {{ int .secondsAfterSuccess }}
secondsAfterFailure: {{ int .secondsAfterFailure }}
secondsAfterCompletion: {{ int .secondsAfterFailure }}
{{- end }}
{{- end }}

{{- define "implementation-dag.podGC" -}}
strategy: {{ .Values.workflow.podGC }}
deleteDelayDuration: {{ .Values.workflow.podGCDelaySeconds | int }}s
{{- end }}

{{- /* The seconds of a DocsRun's time limit, which must be one that DocsRuns take: {name: "deploy.timeout", value: 15m}. */}}
{{- define "implementation-dag.docsrunSeconds" -}}
{{- $seconds := include "implementation-dag.seconds" .value | int }}
{{- if or (lt $seconds 10) (gt $seconds 7200) }}{{ fail (printf "%s is %s: must be from 10s to 2h, as DocsRuns demand" .name .value) }}{{ end -}}
{{- $seconds -}}
{{- end }}

{{- define "implementation-dag.seconds" -}}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+[hms]" . -1 }}
{{- $sum = add $sum (mul (regexFind "[0-9]+" . | atoi) (index (dict "h" 3600 "m" 60 "s" 1) (regexFind "[hms]" .))) }}
{{- end -}}
{{- $sum -}}
{{- end }}

{{- /* Volumes of our steps: scratch and, where given, trust. */}}
{{- define "implementation-dag.step.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
- name: work
  emptyDir:
    sizeLimit: {{ .Values.steps.workspaceSize | toJson }}
{{- with .Values.trust.configMap }}
- name: trust
  configMap:
    name: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "implementation-dag.step.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: work, mountPath: /work}
{{- if .Values.trust.configMap }}
- {name: trust, mountPath: /etc/ssl/idag, readOnly: true}
{{- end }}
{{- end }}

{{- /* The proxy, as JSON in a variable of ours: under the usual names whatever reads them would use it, for the API server too. */}}
{{- define "implementation-dag.proxyEnv" -}}
{{- if or .Values.proxy.httpProxy .Values.proxy.httpsProxy }}
- {name: PROXY, value: {{ toJson .Values.proxy | quote }}}
{{- end }}
{{- end }}

{{- /* How a container of ours writes its log, where that is not as text. */}}
{{- define "implementation-dag.logEnv" -}}
{{- if ne .Values.logs.format "text" }}
- {name: LOG_FORMAT, value: {{ .Values.logs.format }}}
{{- end }}
{{- end }}

{{- /* What a container needs that talks to the world: whom it trusts, and through what it goes. */}}
{{- define "implementation-dag.outwardEnv" -}}
{{- if .Values.trust.configMap }}
- {name: SSL_CERT_FILE, value: /etc/ssl/idag/ca-bundle.crt}
- {name: GIT_SSL_CAINFO, value: /etc/ssl/idag/ca-bundle.crt}
{{- end }}
{{- include "implementation-dag.proxyEnv" . | nindent 0 }}
{{- end }}

{{- /* A bound, short-lived token for containers that talk to the API server; nothing else in the pod gets one. */}}
{{- define "implementation-dag.tokenVolume" -}}
- name: api-token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap:
          name: kube-root-ca.crt
          items: [{key: ca.crt, path: ca.crt}]
      - downwardAPI:
          items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]
{{- end }}

{{- define "implementation-dag.tokenMount" -}}
- {name: api-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}

{{- /* Argo gives its init and wait containers neither our hardening nor a token once automounting is off: patch them. */}}
{{- define "implementation-dag.podSpecPatch" -}}
automountServiceAccountToken: false
initContainers:
  - name: init
    resources: {{ toJson .Values.steps.executorResources }}
    securityContext: {{ include "implementation-dag.securityContext.container" . | fromYaml | toJson }}
    volumeMounts:
      {{- include "implementation-dag.tokenMount" . | nindent 6 }}
containers:
  - name: wait
    resources: {{ toJson .Values.steps.executorResources }}
    securityContext: {{ include "implementation-dag.securityContext.container" . | fromYaml | toJson }}
    volumeMounts:
      {{- include "implementation-dag.tokenMount" . | nindent 6 }}
{{- with include "implementation-dag.placement" .Values.pods.steps }}
{{ . }}
{{- end }}
{{- end }}

{{- /* What is the same in every template of ours that runs one container: {root: ., component: "..."}. */}}
{{- define "implementation-dag.step.common" -}}
securityContext:
  {{- include "implementation-dag.securityContext.pod" .root | nindent 2 }}
podSpecPatch: |
  {{- include "implementation-dag.podSpecPatch" .root | nindent 2 }}
metadata:
  labels:
    managed-by: implementation-dag
    app.kubernetes.io/name: {{ include "implementation-dag.name" .root | quote }}
    app.kubernetes.io/component: {{ .component }}
    {{- include "implementation-dag.fenced" .root | nindent 4 }}
    {{- with include "implementation-dag.givenLabels" (dict "root" .root "pods" .root.Values.pods.steps) | fromJson }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with (.root.Values.pods.steps).annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
retryStrategy:
  limit: {{ .root.Values.workflow.retries | int }}
  retryPolicy: OnError
{{- end }}

{{- /* Where pods run, as fields of their spec: an entry of pods. JSON, for YAML would write large numbers as floats. */}}
{{- define "implementation-dag.placement" -}}
{{- $lines := list -}}
{{- range $field, $value := omit . "labels" "annotations" }}{{ $lines = append $lines (printf "%s: %s" $field (toJson $value)) }}{{ end -}}
{{- join "\n" $lines -}}
{{- end }}

{{- /* The label by which the pipeline's network policies find its pods. */}}
{{- define "implementation-dag.fenced" -}}
implementation-dag.dev/fenced: {{ include "implementation-dag.fullname" . | quote }}
{{- end }}

{{- define "implementation-dag.artifactsVolume" -}}
- name: artifacts
  emptyDir:
    sizeLimit: 512Mi
{{- end }}

{{- define "implementation-dag.artifactsMount" -}}
- {name: artifacts, mountPath: /artifacts}
{{- end }}

{{- /* Git credentials: only in the containers that fetch or push. */}}
{{- define "implementation-dag.gitVolume" -}}
{{- with .Values.git.credentialsSecret }}
- name: git-credentials
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "implementation-dag.gitMount" -}}
{{- if .Values.git.credentialsSecret }}
- {name: git-credentials, mountPath: /var/run/secrets/implementation-dag/git, readOnly: true}
{{- end }}
{{- end }}

{{- /* Which run a step belongs to; arguments reach code only this way and are validated again there. */}}
{{- define "implementation-dag.runEnv" -}}
{{- range list "owner" "repo" "pr" }}
- {name: {{ upper . }}, value: "{{ include "implementation-dag.parameter" . }}"}
{{- end }}
{{ include "implementation-dag.workflowEnv" . }}
{{- end }}

{{- /* Which Workflow a step belongs to: nothing that anybody chose but Kubernetes and Argo. */}}
{{- define "implementation-dag.workflowEnv" -}}
- {name: WORKFLOW, value: "{{ "{{workflow.name}}" }}"}
- {name: WORKFLOW_UID, value: "{{ "{{workflow.uid}}" }}"}
- {name: NAMESPACE, value: "{{ "{{workflow.namespace}}" }}"}
- {name: INSTALLATION, value: {{ include "implementation-dag.fullname" . | quote }}}
{{- end }}
