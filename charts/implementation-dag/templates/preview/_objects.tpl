{{- /*
What else an administrator puts into a preview that he makes beforehand, where the pipeline has no ClusterRoles: he makes all
from the provision step's objects (render-preview). PREVIEW is its namespace.
*/}}
{{- define "implementation-dag.preview.roles" -}}
# What the pipeline may do with the preview: see it, note its time to live, and check what is in it.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "implementation-dag.fullname" . }}-provision
rules:
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [get, patch]
    resourceNames: [PREVIEW]
  - apiGroups: [""]
    resources: [resourcequotas, limitranges]
    verbs: [get]
  - apiGroups: [networking.k8s.io]
    resources: [networkpolicies]
    verbs: [get]
  - apiGroups: [rbac.authorization.k8s.io]
    resources: [rolebindings]
    verbs: [get]
  {{- if .Values.preview.pullSecrets }}
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create, patch]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "implementation-dag.fullname" . }}-preview
rules:
  {{- include "implementation-dag.previewRules" . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "implementation-dag.fullname" . }}-look
rules:
  {{- include "implementation-dag.lookRules" . | nindent 2 }}
{{- end }}

{{- /*
The fences of each preview, as the provision step applies them: it adds namespace and labels, and puts the namespace for PREVIEW.
*/}}
{{- define "implementation-dag.preview.objects" -}}
{{- if not .Values.rbac.clusterScoped -}}
{{ include "implementation-dag.preview.roles" . }}
---
{{ end -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: implementation-dag-provisioner
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ ternary "ClusterRole" "Role" .Values.rbac.clusterScoped }}
  name: {{ include "implementation-dag.fullname" . }}-provision
subjects:
  - kind: ServiceAccount
    name: {{ include "implementation-dag.fullname" . }}-provisioner
    namespace: {{ .Release.Namespace | quote }}
---
{{- include "implementation-dag.preview.secrets" . }}
{{- include "implementation-dag.mesh.objects" . }}
apiVersion: v1
kind: ResourceQuota
metadata:
  name: preview
spec:
  hard:
    {{- toYaml .Values.preview.quota | nindent 4 }}
---
apiVersion: v1
# A pod of these classes would push others' pods off their nodes.
kind: ResourceQuota
metadata:
  name: preview-no-system-priority
spec:
  hard:
    pods: "0"
  scopeSelector:
    matchExpressions:
      - {scopeName: PriorityClass, operator: In, values: [system-cluster-critical, system-node-critical]}
---
apiVersion: v1
kind: LimitRange
metadata:
  name: preview
spec:
  limits:
    - type: Container
      {{- toYaml .Values.preview.limits | nindent 6 }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: preview-default-deny
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: preview-allow
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: {}
    - from:
        - namespaceSelector:
            matchLabels:
              {{- toYaml .Values.preview.network.ingressNamespaceLabels | nindent 14 }}
  egress:
    - to:
        - podSelector: {}
    {{- include "implementation-dag.network.dns" . | nindent 4 }}
    {{- with .Values.preview.network.extraEgress }}
    {{- include "implementation-dag.network.egress" (dict "rules" . "value" "preview.network.extraEgress") | nindent 4 }}
    {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: implementation-dag-deployer
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ ternary "ClusterRole" "Role" .Values.rbac.clusterScoped }}
  name: {{ include "implementation-dag.fullname" . }}-preview
subjects:
  - kind: ServiceAccount
    name: {{ include "implementation-dag.fullname" . }}-deployer.PREVIEW
    namespace: {{ .Release.Namespace | quote }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: implementation-dag-reporter
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ ternary "ClusterRole" "Role" .Values.rbac.clusterScoped }}
  name: {{ include "implementation-dag.fullname" . }}-look
subjects:
  - kind: ServiceAccount
    name: {{ include "implementation-dag.fullname" . }}-reporter
    namespace: {{ .Release.Namespace | quote }}
  {{- if and .Values.reaper.enabled (not .Values.rbac.clusterScoped) }}
  # It looks whether anybody still wants what is in it.
  - kind: ServiceAccount
    name: {{ include "implementation-dag.fullname" . }}-reaper
    namespace: {{ .Release.Namespace | quote }}
  {{- end }}
{{- end }}
