{{- /* What a preview's own chart may create in its own namespace. */}}
{{- define "implementation-dag.previewRules" -}}
- apiGroups: [""]
  resources: [configmaps, secrets, services, serviceaccounts, persistentvolumeclaims, pods]
  verbs: [create, get, list, watch, patch, update, delete]
# Of namespaces only its own: helm's step looks whether the preview is still its run's.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
- apiGroups: [""]
  resources: [events, pods/log]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [create, get, list, watch, patch, update, delete]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [create, get, list, watch, patch, update, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [create, get, list, watch, patch, update, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [create, get, list, watch, patch, update, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [create, get, list, watch, patch, update, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [create, get, list, watch, patch, update, delete]
{{- end }}

{{- /* What the reporter sees of a preview: whose it is, and what runs in it. */}}
{{- define "implementation-dag.lookRules" -}}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}

{{- /* What the provisioner puts into a preview; it applies, so it needs no get. */}}
{{- define "implementation-dag.provisionRules" -}}
- apiGroups: [""]
  resources: [resourcequotas, limitranges]
  verbs: [create, patch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [create, patch]
{{- if .Values.preview.pullSecrets }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, patch]
{{- end }}
{{- if .Values.externalSecrets.previewSecrets }}
- apiGroups: [external-secrets.io]
  resources: [externalsecrets]
  verbs: [create, patch]
{{- end }}
{{- if .Values.certificates.preview.issuer.name }}
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [create, patch]
{{- end }}
{{- if eq .Values.mesh.kind "istio" }}
- apiGroups: [security.istio.io]
  resources: [peerauthentications, authorizationpolicies]
  verbs: [create, patch]
{{- end }}
{{- end }}
