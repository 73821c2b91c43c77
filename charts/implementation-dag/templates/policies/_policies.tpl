{{- /* "true" when the admission policies are to be installed. */}}
{{- define "implementation-dag.policies.wanted" -}}
{{- $served := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" -}}
{{- $auto := and (eq .Values.policies.install "auto") .Values.rbac.clusterScoped $served -}}
{{- if or $auto (eq .Values.policies.install "always") }}true{{ end -}}
{{- end }}

{{- define "implementation-dag.policies.metadata" -}}
name: {{ include "implementation-dag.fullname" .root }}-{{ .policy }}
labels:
  {{- include "implementation-dag.labels" (dict "root" .root "component" "policies") | nindent 2 }}
{{- end }}

{{- /* Binding of a policy: {root: ., policy: name, scope: "previews", "release" or "cluster"}. */}}
{{- define "implementation-dag.policies.binding" -}}
{{- $name := include "implementation-dag.fullname" .root -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "implementation-dag.policies.metadata" . | nindent 2 }}
spec:
  policyName: {{ $name }}-{{ .policy }}
  validationActions: {{ index (dict "enforce" "[Deny]" "warn" "[Warn, Audit]" "audit" "[Audit]") .root.Values.policies.mode }}
  {{- if eq .scope "previews" }}
  matchResources:
    namespaceSelector:
      matchLabels:
        implementation-dag.dev/release: {{ $name }}
  {{- else if eq .scope "release" }}
  matchResources:
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .root.Release.Namespace }}
  {{- end }}
{{- end }}

{{- /* Names of the pipeline's own service accounts as a CEL list; the previews' deployers are told by their prefix. */}}
{{- define "implementation-dag.policies.accounts" -}}
{{- $names := list -}}
{{- range list "runner" "reporter" "provisioner" "controller" "reaper" "box" -}}
{{- $names = append $names (printf "'%s-%s'" (include "implementation-dag.fullname" $) .) -}}
{{- end -}}
[{{ join ", " $names }}]
{{- end }}

{{- /* CEL: the name of the service account that asks, empty when it is not of the release namespace. */}}
{{- define "implementation-dag.policies.account" -}}
{{- $prefix := printf "system:serviceaccount:%s:" .Release.Namespace -}}
(request.userInfo.username.startsWith('{{ $prefix }}') ? request.userInfo.username.substring({{ len $prefix }}) : '')
{{- end }}

{{- define "implementation-dag.policies.deployerPrefix" -}}
{{ include "implementation-dag.fullname" . }}-deployer.
{{- end }}

{{- /* CEL: one of our identities asks. */}}
{{- define "implementation-dag.policies.ours" -}}
{{- $account := include "implementation-dag.policies.account" . -}}
({{ $account }} in {{ include "implementation-dag.policies.accounts" . }} || {{ $account }}.startsWith('{{ include "implementation-dag.policies.deployerPrefix" . }}'))
{{- end }}

{{- /* Variable `reaching`: annotations that reach beyond the preview. One that is set to the operator's own value passes. */}}
{{- define "implementation-dag.policies.reaching" -}}
{{- $accepted := merge (deepCopy .Values.policies.annotations.accepted) (include "implementation-dag.ingressAnnotations" . | fromYaml) -}}
{{- with .Values.policies.annotations -}}
- name: reaching
  expression: >-
    object.metadata.?annotations.orValue({}).map(key, key).filter(key,
    {{ toJson .refused }}.exists(refused, key == refused || key.endsWith('/' + refused))
    && {{ toJson $accepted }}[?key].orValue('') != object.metadata.annotations[key])
{{- end }}
{{- end }}

{{- define "implementation-dag.policies.noneReaching" -}}
- expression: "variables.reaching.size() == 0"
  messageExpression: >-
    request.kind.kind + ' ' + object.metadata.name + ': annotation ' + variables.reaching.join(', ')
    + ' reaches beyond the preview (values policies.annotations)'
{{- end }}

{{- /* CEL: nothing changed that a policy looks at; controllers must still be able to remove what was there before it. */}}
{{- define "implementation-dag.policies.changed" -}}
- name: changed
  expression: >-
    request.operation == 'CREATE' || dyn(object).?spec != dyn(oldObject).?spec
    || object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})
{{- end }}
