{{- /* Egress rules of a NetworkPolicy as values give them, never to a metadata address: {rules: [...], value: name}. */}}
{{- define "implementation-dag.network.egress" -}}
{{- $value := .value -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- $peers := list -}}
{{- range .to -}}
{{- if and .ipBlock (or .namespaceSelector .podSelector) -}}
{{- fail (printf "%s: the peer %s has an ipBlock beside a selector: it is one or the other" $value (toJson .)) -}}
{{- end -}}
{{- if .ipBlock -}}
{{- $block := include "implementation-dag.network.ipBlock" (dict "block" .ipBlock "value" $value) | fromJson -}}
{{- $peers = append $peers (dict "ipBlock" (ternary $block (omit $block "except") (gt (len $block.except) 0))) -}}
{{- else -}}
{{- $peers = append $peers . -}}
{{- end -}}
{{- end -}}
{{- range .ports -}}
{{- if and .endPort (not (kindIs "string" .port)) (lt (int .endPort) (int .port)) -}}
{{- fail (printf "%s: endPort is %d: must be at least port (%d)" $value (int .endPort) (int .port)) -}}
{{- end -}}
{{- end -}}
{{- $rules = append $rules (merge (dict "to" $peers) (omit . "to")) -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end }}

{{- /* The cluster's DNS. Port 1053: CoreDNS without the right to bind 53. */}}
{{- define "implementation-dag.network.dns" -}}
- to:
    - namespaceSelector:
        matchLabels:
          {{- toYaml .Values.preview.network.dnsNamespaceLabels | nindent 10 }}
    {{- range .Values.preview.network.dnsAddresses }}
    {{- $block := dict "cidr" (printf "%s/%d" . (ternary 128 32 (contains ":" .))) }}
    - ipBlock: {{ omit (include "implementation-dag.network.ipBlock" (dict "block" $block "value" "preview.network.dnsAddresses") | fromJson) "except" | toJson }}
    {{- end }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
    - {protocol: UDP, port: 1053}
    - {protocol: TCP, port: 1053}
{{- end }}

{{- /* Egress rules to the API server: what values name, or where the cluster that helm installs into says it is. */}}
{{- define "implementation-dag.network.apiServer" -}}
{{- $rules := .Values.network.apiServer -}}
{{- if and (not $rules) .Values.rbac.clusterScoped -}}
{{- $rules = include "implementation-dag.network.lookup" . | fromJsonArray -}}
{{- end -}}
{{- if $rules }}{{ include "implementation-dag.network.egress" (dict "rules" $rules "value" "network.apiServer") }}{{ end -}}
{{- end }}

{{- /* Egress rules, as JSON, to the API server of the cluster that is asked: none when helm only renders. */}}
{{- define "implementation-dag.network.lookup" -}}
{{- $rules := list -}}
{{- $slice := lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "kubernetes" -}}
{{- $service := (lookup "v1" "Service" "default" "kubernetes").spec | default dict -}}
{{- $addresses := list -}}
{{- range $slice.endpoints }}{{ $addresses = concat $addresses .addresses }}{{ end -}}
{{- range list (dict "addresses" $addresses "ports" $slice.ports) (dict "addresses" $service.clusterIPs "ports" $service.ports) -}}
{{- $peers := list -}}
{{- range .addresses }}{{ $peers = append $peers (dict "ipBlock" (dict "cidr" (printf "%s/%d" . (ternary 128 32 (contains ":" .))))) }}{{ end -}}
{{- $ports := list -}}
{{- range .ports }}{{ $ports = append $ports (dict "protocol" "TCP" "port" (int .port)) }}{{ end -}}
{{- if $peers }}{{ $rules = append $rules (dict "to" $peers "ports" $ports) }}{{ end -}}
{{- end -}}
{{- toJson $rules -}}
{{- end }}
