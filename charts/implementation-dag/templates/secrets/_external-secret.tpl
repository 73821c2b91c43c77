{{- /* spec of an ExternalSecret: {root: ., name: Secret, secret: {type, data}}. */}}
{{- define "implementation-dag.externalSecret.spec" -}}
refreshInterval: {{ .root.Values.externalSecrets.refreshInterval }}
secretStoreRef:
  kind: {{ .root.Values.externalSecrets.store.kind }}
  name: {{ required "externalSecrets.store.name is needed: the store that the secrets are read from" .root.Values.externalSecrets.store.name | quote }}
target:
  name: {{ .name | quote }}
  creationPolicy: Owner
  {{- with .secret.type }}
  template:
    type: {{ . | quote }}
  {{- end }}
data:
  {{- range $key, $from := .secret.data }}
  - secretKey: {{ $key | quote }}
    remoteRef:
      {{- toYaml $from | nindent 6 }}
  {{- end }}
{{- end }}
