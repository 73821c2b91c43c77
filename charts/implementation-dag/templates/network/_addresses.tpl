{{- /* Where clouds answer with a machine's credentials: all (169.254.169.254, Amazon's 170.2 and 170.23), Azure, Alibaba, Oracle, Tencent,
     Scaleway. Not all of 169.254.0.0/16: nodes' DNS caches live there. */}}
{{- define "implementation-dag.network.metadata4" -}}
["169.254.169.0/24", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "169.254.0.23/32", "169.254.42.42/32"]
{{- end }}

{{- /* The same in IPv6: Amazon, Google, Oracle, Scaleway, link-local; and all that only writes an IPv4 address in IPv6: mapped, compatible and
     translated (::/64), NAT64 with a prefix of one's own, Teredo, 6to4. Of the well-known NAT64 prefix only the addresses above. */}}
{{- define "implementation-dag.network.metadata6" -}}
{{- $found := list "fd00:ec2::/32" "fd20:ce::254/128" "fd00:c1::a9fe:a9fe/128" "fd00:42::42/128" "fe80::/10" "::/64" "64:ff9b:1::/48" "2001::/32" "2002::/16" -}}
{{- range include "implementation-dag.network.metadata4" . | fromJsonArray -}}
{{- $cidr := splitList "/" . -}}
{{- $part := splitList "." (first $cidr) -}}
{{- $found = append $found (printf "64:ff9b::%x:%x/%d" (add (mul 256 (atoi (index $part 0))) (atoi (index $part 1))) (add (mul 256 (atoi (index $part 2))) (atoi (index $part 3))) (add 96 (atoi (last $cidr)))) -}}
{{- end -}}
{{- toJson $found -}}
{{- end }}

{{- /* The bits of an address, 32 or 128 characters 0 and 1, so that addresses are compared and not their spellings; empty: it is none. */}}
{{- define "implementation-dag.network.bits" -}}
{{- if regexMatch "^[0-9]{1,3}([.][0-9]{1,3}){3}$" . -}}
{{- range splitList "." . }}{{ printf "%08b" (atoi .) }}{{ end -}}
{{- else -}}
{{- $address := lower . -}}
{{- with regexFind "[0-9]+([.][0-9]+){3}$" $address -}}
{{- $part := splitList "." . -}}
{{- $tail := printf "%x:%x" (add (mul 256 (atoi (index $part 0))) (atoi (index $part 1))) (add (mul 256 (atoi (index $part 2))) (atoi (index $part 3))) -}}
{{- $address = printf "%s%s" (trimSuffix . $address) $tail -}}
{{- end -}}
{{- $halves := splitList "::" $address -}}
{{- $groups := splitList ":" (first $halves) -}}
{{- if eq (len $halves) 2 -}}
{{- $after := list -}}
{{- if not (first $halves) }}{{ $groups = list }}{{ end -}}
{{- if last $halves }}{{ $after = splitList ":" (last $halves) }}{{ end -}}
{{- range until (sub 8 (add (len $groups) (len $after)) | max 1 | int) }}{{ $groups = append $groups "0" }}{{ end -}}
{{- $groups = concat $groups $after -}}
{{- end -}}
{{- if and (le (len $halves) 2) (eq (len $groups) 8) (regexMatch "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$" (join ":" $groups)) -}}
{{- $nibbles := dict -}}
{{- range until 16 }}{{ $_ := set $nibbles (printf "%x" .) (printf "%04b" .) }}{{ end -}}
{{- range $groups -}}
{{- range splitList "" (printf "%s%s" (repeat (int (sub 4 (len .))) "0") .) }}{{ index $nibbles . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* The first bits of a block, as many as it fixes: {cidr: ..., where: value and block that an error names}. */}}
{{- define "implementation-dag.network.prefix" -}}
{{- $cidr := splitList "/" .cidr -}}
{{- $bits := include "implementation-dag.network.bits" (first $cidr) -}}
{{- if not $bits }}{{ fail (printf "%s: %q is no IP address" .where (first $cidr)) }}{{ end -}}
{{- trunc (last $cidr | atoi) $bits -}}
{{- end }}

{{- /* An ipBlock with the metadata addresses in it taken out: {block: ..., value: name of the value it is from}. */}}
{{- define "implementation-dag.network.ipBlock" -}}
{{- $block := .block -}}
{{- $where := printf "value %s: ipBlock %s" .value $block.cidr -}}
{{- $own := include "implementation-dag.network.prefix" (dict "cidr" $block.cidr "where" $where) -}}
{{- $except := $block.except | default list -}}
{{- range $except -}}
{{- $taken := include "implementation-dag.network.prefix" (dict "cidr" . "where" (printf "%s, except" $where)) -}}
{{- if or (ne (contains ":" .) (contains ":" $block.cidr)) (not (hasPrefix $own $taken)) (eq $own $taken) -}}
{{- fail (printf "%s: except %s must be a smaller block in it" $where .) -}}
{{- end -}}
{{- end -}}
{{- range include (ternary "implementation-dag.network.metadata6" "implementation-dag.network.metadata4" (contains ":" $block.cidr)) . | fromJsonArray -}}
{{- $denied := include "implementation-dag.network.prefix" (dict "cidr" . "where" $where) -}}
{{- if hasPrefix $denied $own -}}
{{- fail (printf "%s names cloud metadata addresses, which are always denied: it lies in %s" $where .) -}}
{{- else if hasPrefix $own $denied -}}
{{- $except = append $except . -}}
{{- end -}}
{{- end -}}
{{- dict "cidr" $block.cidr "except" (uniq $except) | toJson -}}
{{- end }}
