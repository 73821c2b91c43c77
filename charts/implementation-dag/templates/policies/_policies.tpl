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

{{- /*
Binding of a policy: {root: ., policy: name, scope: "previews", "release" or "cluster", always: bool}. One that `always` refuses guards
others against a preview; the others hold what an honest chart may break too, and do what policies.mode says.
*/}}
{{- define "implementation-dag.policies.binding" -}}
{{- $name := include "implementation-dag.fullname" .root -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "implementation-dag.policies.metadata" . | nindent 2 }}
spec:
  policyName: {{ $name }}-{{ .policy }}
  validationActions: {{ index (dict "enforce" "[Deny]" "warn" "[Warn, Audit]" "audit" "[Audit]") (ternary "enforce" .root.Values.policies.mode (default false .always)) }}
  {{- if eq .scope "previews" }}
  matchResources:
    namespaceSelector:
      matchLabels:
        implementation-dag.dev/release: {{ $name | quote }}
  {{- else if eq .scope "release" }}
  matchResources:
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .root.Release.Namespace | quote }}
  {{- end }}
{{- end }}

{{- /* Names of the pipeline's own service accounts as a CEL list; the previews' deployers are told by their prefix. */}}
{{- define "implementation-dag.policies.accounts" -}}
{{- $names := list -}}
{{- range list "runner" "reporter" "provisioner" "controller" "pull-requests" "receiver" "reaper" "box" -}}
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

{{- /* CEL: the preview's own side asks (its deployer, its pods), not a controller of the cluster or a person: what it writes is the pull request's choice. */}}
{{- define "implementation-dag.policies.fromPreview" -}}
({{ include "implementation-dag.policies.account" . }}.startsWith('{{ include "implementation-dag.policies.deployerPrefix" . }}') || request.userInfo.username.startsWith('system:serviceaccount:' + request.?namespace.orValue('') + ':'))
{{- end }}

{{- /* CEL: nothing changed that a policy looks at; controllers must still be able to remove what was there before it. */}}
{{- define "implementation-dag.policies.changed" -}}
- name: changed
  expression: "request.operation == 'CREATE' || dyn(object).?spec != dyn(oldObject).?spec"
{{- end }}

{{- /*
CEL: who asked for this object named `field` of its spec. Admission plugins fill in a class of the cluster's choice; managedFields say
what came with the request, also where the request brings managedFields of its own.
*/}}
{{- define "implementation-dag.policies.named" -}}
(dyn(object).spec.?{{ . }}.hasValue() && (request.operation == 'UPDATE' ? dyn(object).spec.?{{ . }} != dyn(oldObject).spec.?{{ . }} : !(dyn(object).metadata.?managedFields.orValue([]).size() > 0 && dyn(object).metadata.managedFields.all(m, !('f:{{ . }}' in m.?fieldsV1[?'f:spec'].orValue({}))))))
{{- end }}

{{- /* CEL: the optional has a value that says something: charts write empty texts and mappings for none. */}}
{{- define "implementation-dag.policies.said" -}}
![dyn(''), dyn({})].exists(none, {{ . }}.orValue(none) == none)
{{- end }}

{{- /* CEL: `key` is one of the list's, of which one that ends in /* stands for its prefix: {list: [...], key: name of a CEL variable}. */}}
{{- define "implementation-dag.policies.listed" -}}
{{- $exact := list -}}
{{- $prefixes := list -}}
{{- range .list -}}
{{- if hasSuffix "/*" . -}}{{- $prefixes = append $prefixes (trimSuffix "*" .) -}}{{- else -}}{{- $exact = append $exact . -}}{{- end -}}
{{- end -}}
({{ .key }} in {{ toJson $exact }} || {{ toJson $prefixes }}.exists(prefix, {{ .key }}.startsWith(prefix)))
{{- end }}

{{- /* CEL list of what a message shows. */}}
{{- define "implementation-dag.policies.shown" -}}
{{- if . }}{{ join ", " . }}{{ else }}none{{ end -}}
{{- end }}

{{- /* CEL: pod spec of `object` or `oldObject`, of a pod or of what makes pods; empty for other kinds. */}}
{{- define "implementation-dag.policies.podSpec" -}}
(request.kind.kind == 'Pod' ? dyn({{ . }}).spec : dyn({{ . }}).?spec.?jobTemplate.?spec.?template.?spec.orValue(dyn({{ . }}).?spec.?template.?spec.orValue(dyn({}))))
{{- end }}

{{- /*
CEL: hosts that probes and lifecycle hooks of the list `containers` name. The kubelet asks them from the node's own network; Pod Security
refuses them from Kubernetes 1.34 on.
*/}}
{{- define "implementation-dag.policies.probed" -}}
{{ .containers }}.map(c, [?c.?livenessProbe, ?c.?readinessProbe, ?c.?startupProbe, ?c.?lifecycle.?postStart, ?c.?lifecycle.?preStop]
.map(handler, handler.?httpGet.?host.orValue(handler.?tcpSocket.?host.orValue(''))).filter(host, host != '')).filter(hosts, hosts.size() > 0)
{{- end }}

{{- /*
CEL: what of `specs` (a CEL list of containers, the pod's own spec among them) chooses another profile of the kernel's than the runtime's own:
one of the node may let through what that refuses.
*/}}
{{- define "implementation-dag.policies.profiles" -}}
{{ .specs }}.map(c, ['seccompProfile', 'appArmorProfile'].filter(key, c.?securityContext[?key].?type.orValue('RuntimeDefault') != 'RuntimeDefault')
+ ['seLinuxOptions'].filter(key, {{ include "implementation-dag.policies.said" "c.?securityContext[?key]" }})).filter(keys, keys.size() > 0)
{{- end }}

{{- /*
CEL: the pod spec `pod` with the list `containers`, made by our controller, asks nothing of the node, and `resources` (a list of names)
alone. Admission plugins may fill in a class of priority, but none of the system's.
*/}}
{{- define "implementation-dag.policies.modest" -}}
{{ .pod }}.?nodeName.orValue('') == '' && !{{ .pod }}.?priorityClassName.orValue('').startsWith('system-')
&& {{ .pod }}.?resourceClaims.orValue([]).size() == 0
&& ({{ .containers }} + [dyn({{ .pod }})]).all(c, c.?securityContext.?runAsNonRoot.orValue(true) && c.?securityContext.?runAsUser.orValue(1) != 0
&& c.?securityContext.?procMount.orValue('Default') == 'Default'
&& [?c.?resources.?limits, ?c.?resources.?requests].all(found, found.all(key, key in {{ toJson .resources }})))
&& {{ .containers }}.all(c, c.?ports.orValue([]).all(port, port.?hostPort.orValue(0) == 0))
&& {{ include "implementation-dag.policies.probed" . }}.size() == 0
&& {{ include "implementation-dag.policies.profiles" (dict "specs" (printf "(%s + [dyn(%s)])" .containers .pod)) }}.size() == 0
{{- end }}

{{- /* CEL: a value of any shape. Maps and lists of CEL hold one type, so each part is dyn. */}}
{{- define "implementation-dag.policies.literal" -}}
{{- $parts := list -}}
{{- if kindIs "map" . -}}
{{- range $key, $value := . }}{{ $parts = append $parts (printf "%s: %s" (toJson $key) (include "implementation-dag.policies.literal" $value)) }}{{ end -}}
dyn({ {{- join ", " $parts -}} })
{{- else if kindIs "slice" . -}}
{{- range . }}{{ $parts = append $parts (include "implementation-dag.policies.literal" .) }}{{ end -}}
dyn([ {{- join ", " $parts -}} ])
{{- else -}}
dyn({{ toJson . }})
{{- end -}}
{{- end }}

{{- /*
CEL: fields in which a pod that our controller makes is not as values say: {pods: entry of pods, pod: its spec, before: its spec before this
request, meta: its metadata, fields: managedFields of the pod as a list}. What was not asked for, admission plugins filled in; to a pod the
API server gives two tolerations.
*/}}
{{- define "implementation-dag.policies.misplaced" -}}
{{- $given := include "implementation-dag.policies.literal" (omit .pods "labels" "annotations") -}}
{{- $tolerated := include "implementation-dag.policies.literal" (.pods.tolerations | default list) -}}
{{- $annotations := include "implementation-dag.policies.literal" (.pods.annotations | default dict) -}}
(['affinity', 'nodeSelector', 'priorityClassName', 'runtimeClassName', 'tolerations', 'topologySpreadConstraints'].filter(field,
(request.operation == 'CREATE' || {{ .pod }}[?field] != {{ .before }}[?field])
&& ({{ $given }}[?field].hasValue() || {{ .fields }}.size() == 0 || {{ .fields }}.exists(asked, ('f:' + field) in asked.?spec.orValue({})))
&& (field != 'tolerations' ? {{ .pod }}[?field] != {{ $given }}[?field]
: !{{ $tolerated }}.all(t, t in {{ .pod }}.?tolerations.orValue([]))
|| !{{ .pod }}.?tolerations.orValue([]).all(t, t in {{ $tolerated }} || (t.?key.orValue('') in ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
&& t.?effect.orValue('') == 'NoExecute' && t.?tolerationSeconds.orValue(301) <= 300))))
+ {{ .meta }}.?annotations.orValue({}).map(key, key).filter(key, {{ $annotations }}[?key] != {{ .meta }}.?annotations[?key]
&& ({{ .fields }}.size() == 0 || {{ .fields }}.exists(asked, ('f:' + key) in asked.?annotations.orValue({})))).map(key, 'annotation ' + key))
{{- end }}
