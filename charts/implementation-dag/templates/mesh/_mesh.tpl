{{- /* Labels and annotations with which a mesh takes in a preview's namespace: {labels, annotations}. */}}
{{- define "implementation-dag.mesh.namespace" -}}
{{- $mesh := .Values.mesh }}
{{- if and (eq $mesh.kind "istio") $mesh.revision }}
labels:
  istio.io/rev: {{ $mesh.revision | quote }}
annotations: {}
{{- else if eq $mesh.kind "istio" }}
labels:
  istio-injection: enabled
annotations: {}
{{- else if eq $mesh.kind "linkerd" }}
labels: {}
annotations:
  linkerd.io/inject: enabled
  config.linkerd.io/default-inbound-policy: all-authenticated
{{- else }}
labels: {}
annotations: {}
{{- end }}
{{- end }}

{{- /* Objects that the provisioner puts into each preview of an Istio mesh, each ended by a document mark. */}}
{{- define "implementation-dag.mesh.objects" -}}
{{- if eq .Values.mesh.kind "istio" }}
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: preview
spec:
  mtls:
    mode: STRICT
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: preview
spec:
  action: ALLOW
  rules:
    - from:
        - source:
            namespaces: {{ toJson (prepend .Values.mesh.ingressNamespaces "PREVIEW") }}
---
{{- end }}
{{- end }}
