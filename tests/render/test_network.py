"""Cloud metadata addresses are denied whatever egress the values allow, and a value that names them is refused."""

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.render import helm
from scripts.render.manifests import load_all

CHART = Path(__file__).resolve().parents[2] / "charts" / "implementation-dag"
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fe80::a9fe:a9fe",
]


def rendered(values: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    return helm.template(CHART, path)


def policies(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The network policies of previews and of the pipeline, by name."""
    template = next(item for item in objects if item["metadata"]["name"] == "implementation-dag")
    (step,) = [item for item in template["spec"]["templates"] if item["name"] == "provision"]
    (fences,) = [item["raw"]["data"] for item in step["inputs"]["artifacts"] if item["name"] == "fences"]
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


WIDE = [
    "0.0.0.0/0",
    "::/0",
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
    for address in METADATA:
        assert not [name for name, policy in found.items() if allows(policy, address)], address
    network = ipaddress.ip_network(cidr)
    beside = str(network.broadcast_address if network.version == 4 else network[1])
    assert allows(found["preview-allow"], beside)
    assert allows(found["implementation-dag-pipeline"], beside)


def test_the_defaults_leave_metadata_and_private_addresses_out(tmp_path: Path) -> None:
    found = policies(rendered({}, tmp_path))
    pipeline = found["implementation-dag-pipeline"]
    for address in METADATA:
        assert not allows(pipeline, address)
    services = {"spec": {"egress": pipeline["spec"]["egress"][-1:]}}
    assert [allows(services, address) for address in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "fd01::1")] == [
        False
    ] * 4
    assert allows(services, "140.82.112.3")


@pytest.mark.parametrize(
    ("cidr", "named"),
    [
        *[(f"{address}/{128 if ':' in address else 32}", "always denied") for address in METADATA],
        ("169.254.169.128/25", "it lies in"),
        ("fd00::/8", "always denied"),
        ("fd00:ec2::/48", "always denied"),
        ("fd00:0ec2::/48", "always denied"),
        ("fe80::/10", "always denied"),
        ("f000::/4", "always denied"),
    ],
)
def test_a_block_of_metadata_addresses_is_refused_by_name(cidr: str, named: str, tmp_path: Path) -> None:
    rules = [{"to": [{"ipBlock": {"cidr": cidr}}]}]
    with pytest.raises(helm.RenderError, match=named) as refused:
        rendered({"preview": {"network": {"extraEgress": rules}}}, tmp_path)
    assert "value preview.network.extraEgress" in str(refused.value)
    with pytest.raises(helm.RenderError, match=r"value network\.services"):
        rendered({"network": {"services": rules}}, tmp_path)


@pytest.mark.parametrize(
    ("rule", "named"),
    [({"ports": [{"port": 443}]}, "missing property 'to'"), ({"to": []}, "minItems"), ({"to": [{}]}, "minProperties")],
)
def test_a_rule_for_everywhere_is_refused(rule: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(helm.RenderError, match=named):
        rendered({"preview": {"network": {"extraEgress": [rule]}}}, tmp_path)


def test_the_pipeline_s_fence_can_be_left_off(tmp_path: Path) -> None:
    found = policies(rendered({"network": {"enabled": False}}, tmp_path))
    assert sorted(found) == ["preview-allow", "preview-default-deny"]
