{{- /* "true" when webhooks are taken; fails where values of the forge lack what others need. */}}
{{- define "implementation-dag.forge.receives" -}}
{{- $forge := .Values.forge -}}
{{- if ne $forge.kind "none" -}}
{{- if not $forge.apiUrl }}{{ fail (printf "forge.apiUrl is empty: with forge.kind %s it is needed" $forge.kind) }}{{ end -}}
{{- if not $forge.repositories }}{{ fail (printf "forge.repositories is empty: with forge.kind %s it names whose pull requests run" $forge.kind) }}{{ end -}}
{{- if not $forge.secrets.reporter }}{{ fail (printf "forge.secrets.reporter is empty: with forge.kind %s it names the Secret of who tells" $forge.kind) }}{{ end -}}
{{- if $forge.secrets.webhook }}true{{ end -}}
{{- end -}}
{{- end }}

{{- /* Address below which people read evidence; fails where links are to be signed by a key that may write, or for no bucket. */}}
{{- define "implementation-dag.forge.evidenceUrl" -}}
{{- $signer := .Values.forge.secrets.evidence -}}
{{- with .Values.evidence.s3 -}}
{{- if and $signer (eq $signer .secretName) }}{{ fail (printf "forge.secrets.evidence is %s, as evidence.s3.secretName, whose key may write: name a Secret whose key may only read" $signer) }}{{ end -}}
{{- if $.Values.forge.evidenceUrl }}{{ $.Values.forge.evidenceUrl }}
{{- else if $signer -}}
{{- if not .bucket }}{{ fail "evidence.s3.bucket is empty: forge.secrets.evidence signs links to that bucket, or to the one at forge.evidenceUrl" }}{{ end -}}
{{ ternary "http" "https" .insecure }}://{{ .endpoint }}/{{ .bucket }}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* For how many previews forge.limits.capacity is enough, and in words why, as JSON; 0: any number. */}}
{{- define "implementation-dag.forge.room" -}}
{{- $quota := .Values.preview.quota -}}
{{- $previews := 0 -}}
{{- $takes := list -}}
{{- range $resource, $all := .Values.forge.limits.capacity -}}
{{- $each := get $quota $resource | default "0" -}}
{{- $part := include "implementation-dag.quantity" $each | float64 -}}
{{- $whole := include "implementation-dag.quantity" $all | float64 -}}
{{- if or (le $part 0.0) (lt $whole $part) }}{{ fail (printf "forge.limits.capacity.%s is %v: must be enough for one preview, which may take preview.quota.%s (%v)" $resource $all $resource $each) }}{{ end -}}
{{- /* Of 300m and 100m floating point makes a little less than 3. */ -}}
{{- $fits := divf $whole $part | addf 0.000001 | floor | int -}}
{{- $previews = ternary $fits (min $fits $previews) (eq $previews 0) -}}
{{- $takes = append $takes (printf "%s %v of %v" $resource $each $all) -}}
{{- end -}}
{{- dict "previews" $previews "takes" (printf "each takes %s" (join ", " $takes)) | toJson -}}
{{- end }}

{{- /* A piece's Role, bound to its own account: {root: ., component: "..."}. */}}
{{- define "implementation-dag.forge.binding" -}}
{{- $name := printf "%s-%s" (include "implementation-dag.fullname" .root) .component -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "implementation-dag.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - {kind: ServiceAccount, name: {{ $name }}, namespace: {{ .root.Release.Namespace | quote }}}
{{- end }}
