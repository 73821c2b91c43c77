{{- /* Where clouds answer with a machine's credentials: all (169.254.169.254, Amazon's 170.2 and 170.23), Azure, Alibaba, Oracle, Tencent.
     Not all of 169.254.0.0/16: nodes' DNS caches live there. */}}
{{- define "implementation-dag.metadataRanges" -}}
["169.254.169.0/24", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "169.254.0.23/32"]
{{- end }}

{{- /* The first `bits` bits of the IPv4 address `address`, as a number: {address: a.b.c.d, bits: 0-32}. */}}
{{- define "implementation-dag.network.prefix" -}}
{{- $number := 0 -}}
{{- range splitList "." .address }}{{ $number = add (mul $number 256) (int .) }}{{ end -}}
{{- range until (int (sub 32 .bits)) }}{{ $number = div $number 2 }}{{ end -}}
{{ $number }}
{{- end }}

{{- /* An ipBlock with the metadata addresses in it taken out: {block: ..., value: name of the value it is from}. */}}
{{- define "implementation-dag.network.ipBlock" -}}
{{- $block := .block -}}
{{- $cidr := splitList "/" $block.cidr -}}
{{- $address := first $cidr -}}
{{- $bits := last $cidr | int -}}
{{- $except := $block.except | default list -}}
{{- $refusal := printf "value %s: ipBlock %s names cloud metadata addresses, which are always denied: " .value $block.cidr -}}
{{- if contains ":" $address -}}
{{- if eq $bits 0 -}}
{{- $except = concat $except (list "fd00:ec2::/32" "fd20:ce::254/128" "fe80::/10") -}}
{{- else if or (lt $bits 8) (hasPrefix "fe" $address) (and (hasPrefix "fd" $address) (or (lt $bits 32) (regexMatch "^(fd00:0?ec2|fd20:(00)?ce):" $address))) -}}
{{- fail (printf "%sname ::/0, out of which they are taken, or a block without fd00:ec2::/32, fd20:ce::254 and fe80::/10" $refusal) -}}
{{- end -}}
{{- else -}}
{{- range include "implementation-dag.metadataRanges" . | fromJsonArray -}}
{{- $denied := splitList "/" . -}}
{{- $common := min $bits (last $denied | int) -}}
{{- $ours := include "implementation-dag.network.prefix" (dict "address" $address "bits" $common) -}}
{{- if eq $ours (include "implementation-dag.network.prefix" (dict "address" (first $denied) "bits" $common)) -}}
{{- if ge $bits (last $denied | int) -}}
{{- fail (printf "%sit lies in %s" $refusal .) -}}
{{- end -}}
{{- $except = append $except . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "cidr" $block.cidr "except" (uniq $except) | toJson -}}
{{- end }}

{{- /* Egress rules of a NetworkPolicy as values give them, never to a metadata address: {rules: [...], value: name}. */}}
{{- define "implementation-dag.network.egress" -}}
{{- $value := .value -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- $peers := list -}}
{{- range .to -}}
{{- if .ipBlock -}}
{{- $block := include "implementation-dag.network.ipBlock" (dict "block" .ipBlock "value" $value) | fromJson -}}
{{- $peers = append $peers (dict "ipBlock" (ternary $block (omit $block "except") (gt (len $block.except) 0))) -}}
{{- else -}}
{{- $peers = append $peers . -}}
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
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
    - {protocol: UDP, port: 1053}
    - {protocol: TCP, port: 1053}
{{- end }}
