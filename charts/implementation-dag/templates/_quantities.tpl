{{- /* A quantity of Kubernetes as a number, in text. */}}
{{- define "implementation-dag.quantity" -}}
{{- $text := toString . -}}
{{- $unit := regexFind "(Ki|[MGTPE]i?|[mk])?$" $text -}}
{{- $binary := dict "Ki" 1 "Mi" 2 "Gi" 3 "Ti" 4 "Pi" 5 "Ei" 6 -}}
{{- $decimal := dict "k" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6 -}}
{{- $factor := ternary 0.001 1.0 (eq $unit "m") -}}
{{- range until (get $binary $unit | default 0 | int) }}{{ $factor = mulf $factor 1024 }}{{ end -}}
{{- range until (get $decimal $unit | default 0 | int) }}{{ $factor = mulf $factor 1000 }}{{ end -}}
{{- mulf (trimSuffix $unit $text | float64) $factor -}}
{{- end }}

{{- /* Refuses what has less in `most` than in `least`: {least: {...}, most: {...}, names: [path of each]}. */}}
{{- define "implementation-dag.quantities.ordered" -}}
{{- $most := .most -}}
{{- $names := .names -}}
{{- range $resource, $amount := .least -}}
{{- if hasKey $most $resource -}}
{{- $bound := get $most $resource -}}
{{- if gt (include "implementation-dag.quantity" $amount | float64) (include "implementation-dag.quantity" $bound | float64) -}}
{{- fail (printf "%s.%s is %v: must be at most %s.%s (%v)" (index $names 0) $resource $amount (index $names 1) $resource $bound) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* Refuses each entry of values that requests more than its limits: {of: values, path: "..."}. */}}
{{- define "implementation-dag.quantities.checked" -}}
{{- $path := .path -}}
{{- if and (hasKey .of "requests") (hasKey .of "limits") -}}
{{- $names := list (printf "%srequests" $path) (printf "%slimits" $path) -}}
{{- include "implementation-dag.quantities.ordered" (dict "least" .of.requests "most" .of.limits "names" $names) -}}
{{- end -}}
{{- range $key, $value := .of -}}
{{- if and (kindIs "map" $value) (ne $key "global") -}}
{{- include "implementation-dag.quantities.checked" (dict "of" $value "path" (printf "%s%s." $path $key)) -}}
{{- end -}}
{{- end -}}
{{- end }}
