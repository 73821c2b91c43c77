{{- /* How a controller of ours is asked for its health; the argument is the name of its port. */}}
{{- define "implementation-dag.probes" -}}
# Python takes its time to start on a busy node: killed for that, it would start for ever.
startupProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 90
livenessProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 2
  timeoutSeconds: 2
{{- end }}

{{- /* By which a piece's pods are found: {root: ., component: "..."}. */}}
{{- define "implementation-dag.deployment.selector" -}}
app.kubernetes.io/name: {{ include "implementation-dag.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Deployment of a piece: {root: ., component, env: its own, as YAML, replicas, resources, secrets: mount path → name of a Secret, optional: they may be missing, scratch: size of its /tmp, alone: there is one at most}. */}}
{{- define "implementation-dag.deployment" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "implementation-dag.fullname" $root) .component -}}
{{- $pods := $root.Values.pods.controller -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels:
    {{- include "implementation-dag.labels" (dict "root" $root "component" .component) | nindent 4 }}
spec:
  {{- if .alone }}
  replicas: {{ min .replicas 1 | int }}
  # The one before is gone before the next begins.
  strategy:
    type: Recreate
  {{- else }}
  replicas: {{ .replicas | int }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  {{- end }}
  selector:
    matchLabels:
      {{- include "implementation-dag.deployment.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "implementation-dag.labels" (dict "root" $root "component" .component "pods" $pods) | nindent 8 }}
        {{- include "implementation-dag.fenced" $root | nindent 8 }}
      {{- with ($pods).annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: false
      securityContext:
        {{- include "implementation-dag.securityContext.pod" $root | nindent 8 }}
      {{- with include "implementation-dag.placement" $pods }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "implementation-dag.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [python3, -m, implementation_dag]
          args: [{{ .component }}]
          env:
            - name: NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            - {name: LOG_LEVEL, value: {{ $root.Values.docsrun.logLevel }}}
            - {name: METRICS_PORT, value: {{ include "implementation-dag.monitoring.port" $root | quote }}}
            {{- include "implementation-dag.logEnv" $root | nindent 12 }}
            {{- .env | nindent 12 }}
            {{- include "implementation-dag.outwardEnv" $root | nindent 12 }}
          ports:
            - {name: http, containerPort: 8080, protocol: TCP}
            - {name: metrics, containerPort: {{ include "implementation-dag.monitoring.port" $root }}, protocol: TCP}
          {{- include "implementation-dag.probes" "http" | nindent 10 }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          securityContext:
            {{- include "implementation-dag.securityContext.container" $root | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- include "implementation-dag.tokenMount" $root | nindent 12 }}
            {{- range $volume, $secret := .secrets }}
            - {name: {{ $volume }}, mountPath: /var/run/secrets/implementation-dag/{{ $volume }}, readOnly: true}
            {{- end }}
            {{- if $root.Values.trust.configMap }}
            - {name: trust, mountPath: /etc/ssl/idag, readOnly: true}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: {{ default "16Mi" .scratch }}
        {{- include "implementation-dag.tokenVolume" $root | nindent 8 }}
        {{- range $volume, $secret := .secrets }}
        - name: {{ $volume }}
          secret:
            secretName: {{ $secret | quote }}
            defaultMode: 0440
            {{- if $.optional }}
            optional: true
            {{- end }}
        {{- end }}
        {{- with $root.Values.trust.configMap }}
        - name: trust
          configMap:
            name: {{ . | quote }}
        {{- end }}
{{- end }}
