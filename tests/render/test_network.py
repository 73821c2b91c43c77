"""Cloud metadata addresses are denied whatever egress the values allow, and a value that names them is refused."""

import ipaddress
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.render import helm
from idag.render.manifests import load_all

CHART = Path(__file__).resolve().parents[2] / "charts" / "implementation-dag"
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "169.254.42.42",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fe80::a9fe:a9fe",
]


def rendered(values: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    return helm.template(CHART, path)


def policies(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The network policies of previews and of the pipeline, by name."""
    name = "implementation-dag-provisioner"
    (provisioner,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == ("Deployment", name)]
    (container,) = provisioner["spec"]["template"]["spec"]["containers"]
    (fences,) = [item["value"] for item in container["env"] if item["name"] == "OBJECTS"]
    found = [*objects, *load_all(fences)]
    return {item["metadata"]["name"]: item for item in found if item["kind"] == "NetworkPolicy"}


def allows(policy: dict[str, Any], address: str) -> bool:
    """Whether some egress rule of the policy has an ipBlock that lets `address` through; no peers means everywhere."""
    wanted = ipaddress.ip_address(address)
    for rule in policy["spec"].get("egress", []):
        if not rule.get("to"):
            return True
        for peer in rule["to"]:
            block = peer.get("ipBlock")
            if block and wanted in ipaddress.ip_network(block["cidr"]):
                excepted = [ipaddress.ip_network(cidr) for cidr in block.get("except", [])]
                assert all(net.subnet_of(ipaddress.ip_network(block["cidr"])) for net in excepted)  # type: ignore[arg-type]
                if not any(wanted in net for net in excepted):
                    return True
    return False


def in_ipv6(address: str) -> list[str]:
    """The spellings in IPv6 by which a translator or a tunnel may reach an IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    prefixes = ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::")
    found = [int(ipaddress.IPv6Address(prefix)) | number for prefix in prefixes]
    sixtofour = int(ipaddress.IPv6Address("2002::")) | number << 80
    teredo = int(ipaddress.IPv6Address("2001::")) | number ^ 0xFFFFFFFF
    return [str(ipaddress.IPv6Address(item)) for item in (*found, sixtofour, teredo)]


IN_IPV6 = [spelling for address in METADATA if "." in address for spelling in in_ipv6(address)]
DENIED = [*METADATA, *IN_IPV6]
# Blocks within these are refused; a wider one is let through without them.
RANGES = [
    "169.254.169.0/24", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
    "169.254.0.23/32", "169.254.42.42/32", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128",
    "fd00:42::42/128", "fe80::/10", "::/64", "64:ff9b:1::/48", "2001::/32", "2002::/16", "64:ff9b::a9fe:a900/120",
    "64:ff9b::a9fe:aa00/120", "64:ff9b::a83f:8110/128", "64:ff9b::6464:64c8/128", "64:ff9b::c000:c0/128",
    "64:ff9b::a9fe:17/128", "64:ff9b::a9fe:2a2a/128",
]  # fmt: skip
WIDE = [
    "0.0.0.0/0",
    "::/0",
    "::/1",
    "f000::/4",
    "fd00::/8",
    "fd20:ce::/64",
    "64:ff9b::/96",
    "64:ff9b::a900:0/104",
    "128.0.0.0/1",
    "168.0.0.0/8",
    "168.63.128.0/20",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "192.0.0.0/24",
]


@pytest.mark.parametrize("cidr", WIDE)
def test_a_wide_block_leaves_metadata_out(cidr: str, tmp_path: Path) -> None:
    rules = [{"to": [{"ipBlock": {"cidr": cidr}}]}]
    values = {"preview": {"network": {"extraEgress": rules}}, "network": {"services": rules, "apiServer": rules}}
    found = policies(rendered(values, tmp_path))
    assert len(found) == 4
    for address in DENIED:
        assert not [name for name, policy in found.items() if allows(policy, address)], address
    network = ipaddress.ip_network(cidr)
    beside = str(network.broadcast_address)
    assert allows(found["preview-allow"], beside)
    assert allows(found["implementation-dag-pipeline"], beside)


def test_the_defaults_leave_metadata_and_private_addresses_out(tmp_path: Path) -> None:
    found = policies(rendered({}, tmp_path))
    pipeline = found["implementation-dag-pipeline"]
    private = ("10.1.2.3", "10.96.0.1", "172.20.0.1", "192.168.1.1", "100.64.0.1", "fd01::1")
    assert [address for address in (*DENIED, *private) if allows(pipeline, address)] == []
    assert allows(pipeline, "140.82.112.3")


@pytest.mark.parametrize(
    ("cidr", "denied"),
    [
        *[(f"{address}/{128 if ':' in address else 32}", "") for address in (*METADATA, *in_ipv6("169.254.169.254"))],
        ("169.254.169.128/25", "169.254.169.0/24"),
        ("fd00:ec2::/48", "fd00:ec2::/32"),
        ("fd00:0ec2:0:0::/48", "fd00:ec2::/32"),
        ("FD20:0CE::254/128", "fd20:ce::254/128"),
        ("fe80::/10", "fe80::/10"),
        ("::/96", "::/64"),
        ("::ffff:169.254.169.254/128", "::/64"),
        ("64:ff9b::169.254.169.254/128", "64:ff9b::a9fe:a900/120"),
        ("2002:a9fe:a9fe::/48", "2002::/16"),
    ],
)
def test_a_block_of_metadata_addresses_is_refused_by_name(cidr: str, denied: str, tmp_path: Path) -> None:
    rules = [{"to": [{"ipBlock": {"cidr": cidr}}]}]
    words = f"{cidr} names cloud metadata addresses, which are always denied: it lies in {denied}"
    with pytest.raises(helm.RenderError, match=re.escape(words)) as refused:
        rendered({"preview": {"network": {"extraEgress": rules}}}, tmp_path)
    assert "value preview.network.extraEgress" in str(refused.value)


@pytest.mark.parametrize("name", ["services", "apiServer"])
def test_the_pipeline_s_own_egress_is_held_to_it_too(name: str, tmp_path: Path) -> None:
    rules = [{"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]}]
    with pytest.raises(helm.RenderError, match=rf"value network\.{name}.*always denied"):
        rendered({"network": {name: rules}}, tmp_path)


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ({"cidr": "1:2:3/64"}, '"1:2:3" is no IP address'),
        ({"cidr": "1::2::3/64"}, '"1::2::3" is no IP address'),
        ({"cidr": ":1::2/64"}, '":1::2" is no IP address'),
        ({"cidr": "1:2:3:4:5:6:7:8:9/64"}, "is no IP address"),
        ({"cidr": "169.254.169.0254/32"}, "'169.254.169.0254/32' does not match pattern"),
        ({"cidr": "::ffff:169.254.169.999/128"}, "does not match pattern"),
        ({"cidr": "10.0.0.0/33"}, "does not match pattern"),
        ({"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}, "except 11.0.0.0/16 must be a smaller block in it"),
        ({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}, "except 10.0.0.0/8 must be a smaller block in it"),
        ({"cidr": "10.0.0.0/8", "except": ["a00::/16"]}, "except a00::/16 must be a smaller block in it"),
    ],
)
def test_a_block_that_is_none_is_refused(block: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(helm.RenderError, match=re.escape(named)):
        rendered({"network": {"services": [{"to": [{"ipBlock": block}]}]}}, tmp_path)


def spelled(address: ipaddress.IPv4Address | ipaddress.IPv6Address, chance: random.Random) -> str:
    """The address in one of the many ways in which it may be written."""
    if address.version == 4:
        return str(address)
    groups = [chance.choice(["%x", "%X", "%04x", "%03x"]) % int(group, 16) for group in address.exploded.split(":")]
    if chance.random() < 0.3:
        groups[6:] = [str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))]
    zeros = [
        (first, last)
        for first in range(len(groups))
        for last in range(first + 1, len(groups) + 1)
        if all(set(group) == {"0"} for group in groups[first:last])
    ]
    if not zeros or chance.random() < 0.3:
        return ":".join(groups)
    first, last = chance.choice(zeros)
    return f"{':'.join(groups[:first])}::{':'.join(groups[last:])}"


def addresses(chance: random.Random) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Addresses of any kind, those that are denied and their neighbours more often than others."""
    while True:
        found = ipaddress.ip_address(chance.choice([*DENIED, "10.0.0.1", "2001:db8::1", "::", "1::", "0.0.0.0"]))  # noqa: S104
        size = found.max_prefixlen
        yield type(found)(int(found) ^ chance.choice([0, 0, 1, 1 << chance.randrange(size), chance.getrandbits(size)]))


@pytest.fixture(scope="module")
def blocks_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that shows what the chart's own templates make of values `addresses` and `blocks`."""
    folder = tmp_path_factory.mktemp("blocks")
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: blocks, version: 1.0.0}")
    source = CHART / "templates" / "network" / "_addresses.tpl"
    (folder / "templates" / source.name).write_text(source.read_text())
    (folder / "templates" / "found.yaml").write_text(
        "{kind: Found, apiVersion: v1, metadata: {name: found}, bits: ["
        '{{ range .Values.addresses }}"{{ include "implementation-dag.network.bits" . }}",{{ end }}], blocks: ['
        '{{ range .Values.blocks }}{{ include "implementation-dag.network.ipBlock" '
        '(dict "block" (dict "cidr" .) "value" "blocks") }},{{ end }}]}'
    )
    return folder


def found_by(chart: Path, values: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    (found,) = helm.template(chart, path)
    return found


def test_addresses_are_compared_and_not_their_spellings(blocks_chart: Path, tmp_path: Path) -> None:
    chance = random.Random(12)  # noqa: S311 -- no secret
    wanted = list(itertools.islice(addresses(chance), 3000))
    spellings = [spelled(address, chance) for address in wanted]
    assert [ipaddress.ip_address(spelling) for spelling in spellings] == wanted
    found = found_by(blocks_chart, {"addresses": spellings}, tmp_path)["bits"]
    wrong = [
        spelling
        for address, spelling, bits in zip(wanted, spellings, found, strict=True)
        if bits != f"{int(address):0{address.max_prefixlen}b}"
    ]
    assert wrong == []


def test_no_block_however_spelled_reaches_a_denied_address(blocks_chart: Path, tmp_path: Path) -> None:
    chance = random.Random(34)  # noqa: S311 -- no secret
    denied = [ipaddress.ip_network(cidr) for cidr in RANGES]
    cidrs = []
    for address in itertools.islice(addresses(chance), 900):
        bits = chance.randrange(address.max_prefixlen + 1)
        network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
        if not any(network.version == net.version and network.subnet_of(net) for net in denied):  # type: ignore[arg-type]
            cidrs.append(f"{spelled(address, chance)}/{bits}")
    found = found_by(blocks_chart, {"blocks": cidrs}, tmp_path)["blocks"]
    assert len(found) == len(cidrs) > 300
    for block in found:
        policy = {"spec": {"egress": [{"to": [{"ipBlock": block | {"cidr": network_of(block["cidr"])}}]}]}}
        assert [address for address in DENIED if allows(policy, address)] == [], block


def network_of(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr, strict=False))


def test_nodes_own_dns_caches_are_reached_for_names_alone(tmp_path: Path) -> None:
    values = {"preview": {"network": {"dnsAddresses": ["169.254.20.10", "fd01::a"]}}}
    for name in ("preview-allow", "implementation-dag-pipeline"):
        rules = policies(rendered(values, tmp_path))[name]["spec"]["egress"]
        (dns,) = [rule for rule in rules if {"ipBlock": {"cidr": "169.254.20.10/32"}} in rule["to"]]
        assert {"ipBlock": {"cidr": "fd01::a/128"}} in dns["to"]
        assert {port["port"] for port in dns["ports"]} == {53, 1053}
    with pytest.raises(helm.RenderError, match=r"value preview\.network\.dnsAddresses.*always denied"):
        rendered({"preview": {"network": {"dnsAddresses": ["169.254.169.253"]}}}, tmp_path)


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"ports": [{"port": 443}]}, "missing property 'to'"),
        ({"to": []}, "minItems"),
        ({"to": [{}]}, "minProperties"),
        ({"to": [{"namespaceSelector": {}}]}, "minProperties"),
        ({"to": [{"namespaceSelector": None}]}, "got null, want object"),
        ({"to": [{"namespaceSelector": {"matchLabels": None}}]}, "got null, want object"),
        ({"to": [{"namespaceSelector": {"matchLabels": {}}}]}, "minProperties"),
        ({"to": [{"podSelector": {"matchExpressions": []}}]}, "minItems"),
        ({"to": [{"ipBlock": None}]}, "got null, want object"),
    ],
)
def test_a_rule_for_everywhere_is_refused(rule: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(helm.RenderError, match=named):
        rendered({"preview": {"network": {"extraEgress": [rule]}}}, tmp_path)


def test_the_pipeline_s_fence_can_be_left_off(tmp_path: Path) -> None:
    found = policies(rendered({"network": {"enabled": False}}, tmp_path))
    assert sorted(found) == ["preview-allow", "preview-default-deny"]
