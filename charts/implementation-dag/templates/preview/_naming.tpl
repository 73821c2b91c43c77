{{- /* Names of a preview, as implementation_dag.contract.naming computes them; `pr` is a text. */}}
{{- define "implementation-dag.preview.namespace" -}}
{{- $prefix := .root.Values.namespace.prefix }}
{{- if eq .root.Values.namespace.scope "cluster" }}
{{- printf "%s-pr-%s" $prefix .pr }}
{{- else }}
{{- $suffix := printf "-%s-pr-%s" (printf "%s/%s" .owner .repo | lower | sha256sum | trunc 8) .pr }}
{{- $repo := regexReplaceAll "[^a-z0-9-]" (lower .repo) "-" | trimAll "-" }}
{{- printf "%s-%s%s" $prefix ($repo | trunc (sub 62 (add (len $prefix) (len $suffix)) | int) | trimAll "-") $suffix }}
{{- end }}
{{- end }}

{{- define "implementation-dag.preview.release" -}}
{{- $suffix := printf "-pr-%s" .pr }}
{{- $name := regexReplaceAll "[^a-z0-9-]" (lower .repo) "-" | trimAll "-" }}
{{- if not (regexMatch "^[a-z]" $name) }}{{ $name = printf "r%s" $name }}{{ end }}
{{- if or (ne $name (lower .repo)) (gt (len (print $name $suffix)) 53) }}
{{- $name = printf "%s-%s" ($name | trunc (sub 44 (len $suffix) | int) | trimAll "-") (lower .repo | sha256sum | trunc 8) }}
{{- end }}
{{- print $name $suffix }}
{{- end }}
