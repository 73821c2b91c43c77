{{- /* Annotations that helm gives to every preview's Ingress, as YAML. */}}
{{- define "implementation-dag.ingressAnnotations" -}}
{{- with .Values.deploy.ingress }}
{{- $found := deepCopy .annotations }}
{{- if eq .controller "skipper" }}
{{- $filters := list }}
{{- range $header, $value := .headers }}
{{- $filters = append $filters (printf "setResponseHeader(%s, %s)" (toJson $header) (toJson $value)) }}
{{- end }}
{{- if $filters }}{{ $_ := set $found "zalando.org/skipper-filter" (join " -> " $filters) }}{{ end }}
{{- else if eq .controller "ingress-nginx" }}
{{- $_ := set $found "nginx.ingress.kubernetes.io/force-ssl-redirect" "true" }}
{{- if .headers }}
{{- $_ := set $found "nginx.ingress.kubernetes.io/custom-headers" (printf "%s/%s-headers" $.Release.Namespace (include "implementation-dag.fullname" $)) }}
{{- end }}
{{- end }}
{{- toYaml $found }}
{{- end }}
{{- end }}
