{{- /* Secrets and certificate that the provisioner puts into each preview, each ended by a document mark. */}}
{{- define "implementation-dag.preview.secrets" -}}
{{- if and .Values.externalSecrets.previewSecrets (ne .Values.externalSecrets.store.kind "ClusterSecretStore") }}
{{- fail "externalSecrets.previewSecrets are read from previews' namespaces: set externalSecrets.store.kind to ClusterSecretStore" }}
{{- end }}
{{- range $name, $secret := .Values.externalSecrets.previewSecrets }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ $name | quote }}
spec:
  {{- include "implementation-dag.externalSecret.spec" (dict "root" $ "name" $name "secret" $secret) | nindent 2 }}
---
{{- end }}
{{- with .Values.certificates.preview }}
{{- if .issuer.name }}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: preview
spec:
  secretName: {{ .secretName | quote }}
  dnsNames: [HOST]
  issuerRef:
    group: cert-manager.io
    kind: {{ .issuer.kind }}
    name: {{ .issuer.name | quote }}
  privateKey:
    algorithm: ECDSA
    size: 256
    rotationPolicy: Always
---
{{- end }}
{{- end }}
{{- end }}
