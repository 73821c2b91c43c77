"""The node's address on a bridge, the pods' network, kernel settings, and the rule that keeps pods here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from scripts.lab.cluster.settings import (
    NODE_BRIDGE,
    NODE_IP,
    POD_BRIDGE,
    POD_CIDR,
    SERVICE_CIDR,
    State,
    write_if_changed,
)
from scripts.lab.errors import LabError

TABLE = "idag"
# Tables that kube-proxy makes in its nftables mode.
PROXY_TABLES = (("ip", "kube-proxy"), ("ip6", "kube-proxy"))
KERNEL_SETTINGS = {
    "net/ipv4/ip_forward": "1",
    # Replies between two pods of the bridge must pass conntrack, or service addresses are not undone.
    "net/bridge/bridge-nf-call-iptables": "1",
}
PROC_SYS = Path("/proc/sys")


def firewall_rules() -> str:
    """nftables text, safe to load again: what a pod sends stays on the pods' bridge or ends at the node.

    Service addresses are turned into pod addresses before these chains see a packet (kube-proxy, prerouting),
    so the forward chain needs no exception for them. Pods have no IPv6 address but the link's own: between two of them
    it would pass by every NetworkPolicy, which enforcers apply to the addresses that the API server knows.
    """
    return f"""\
table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
    chain forward {{
        type filter hook forward priority filter - 5; policy accept;
        iifname "{POD_BRIDGE}" oifname != "{POD_BRIDGE}" counter drop comment "pods do not leave the machine"
        oifname "{POD_BRIDGE}" iifname != "{POD_BRIDGE}" counter drop comment "nobody outside reaches pods"
    }}
    chain input {{
        type filter hook input priority filter - 5; policy accept;
        ct state established,related accept comment "answers to what the node asked"
        iifname "{POD_BRIDGE}" meta nfproto ipv6 counter drop
        iifname "{POD_BRIDGE}" ip daddr != {{ {POD_CIDR}, {SERVICE_CIDR}, {NODE_IP} }} counter drop
    }}
}}
table bridge {TABLE}
delete table bridge {TABLE}
table bridge {TABLE} {{
    chain forward {{
        type filter hook forward priority filter; policy accept;
        ether type ip6 counter drop comment "no IPv6 between pods"
    }}
}}
"""


def cni_configuration(state: State) -> str:
    """The one network of the node. No masquerading: nothing of the pods leaves the machine."""
    bridge = {
        "type": "bridge",
        "bridge": POD_BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(state.root / "cni" / "addresses"),
            "ranges": [[{"subnet": POD_CIDR}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": "idag", "plugins": [bridge]}, indent=2) + "\n"


def is_up(state: State) -> bool:
    """True when the bridge and the firewall table are there, and the rules are those of this code."""
    loaded = _rules_file(state)
    if not (loaded.is_file() and loaded.read_text() == firewall_rules()):
        return False
    link = Path(f"/sys/class/net/{NODE_BRIDGE}").exists()
    return link and _run("nft", "list", "table", "inet", TABLE, check=False).returncode == 0


def ensure(state: State) -> None:
    """Bridge with the node's address, kernel settings (old values kept for `down`), CNI file, firewall."""
    if not Path(f"/sys/class/net/{NODE_BRIDGE}").exists():
        _run("ip", "link", "add", NODE_BRIDGE, "type", "bridge")
    _run("ip", "address", "replace", f"{NODE_IP}/32", "dev", NODE_BRIDGE)
    _run("ip", "link", "set", NODE_BRIDGE, "up")
    # What the node sends to a service stays here even while kube-proxy is not there to translate it.
    _run("ip", "route", "replace", SERVICE_CIDR, "dev", NODE_BRIDGE, "src", NODE_IP)
    _set_kernel(state)
    write_if_changed(state.root / "cni" / "net.d" / "10-idag.conflist", cni_configuration(state))
    _run("nft", "-f", "-", text=firewall_rules())
    write_if_changed(_rules_file(state), firewall_rules())


def remove(state: State) -> list[str]:
    """Undo `ensure` and what CNI and kube-proxy added; returns what was removed, in words."""
    removed = []
    for family, table in (("inet", TABLE), ("bridge", TABLE), *PROXY_TABLES):
        if _run("nft", "list", "table", family, table, check=False).returncode == 0:
            _run("nft", "delete", "table", family, table)
            removed.append(f"nftables table {family} {table}")
    for bridge in (POD_BRIDGE, NODE_BRIDGE):
        if Path(f"/sys/class/net/{bridge}").exists():
            for port in sorted(Path(f"/sys/class/net/{bridge}/brif").iterdir()):
                _run("ip", "link", "delete", port.name, check=False)  # its pod's end may be gone already
            _run("ip", "link", "delete", bridge)
            removed.append(f"bridge {bridge}")
    _restore_kernel(state)
    return removed


def _rules_file(state: State) -> Path:
    return state.config / "firewall.nft"


def _set_kernel(state: State) -> None:
    kept = state.root / "kernel-settings.json"
    before: dict[str, str] = json.loads(kept.read_text()) if kept.is_file() else {}
    for name, value in KERNEL_SETTINGS.items():
        path = PROC_SYS / name
        if not path.exists():
            raise LabError(f"kernel setting {name.replace('/', '.')} is not there: run `modprobe br_netfilter`")
        before.setdefault(name, path.read_text().strip())
        path.write_text(value)
    write_if_changed(kept, json.dumps(before))


def _restore_kernel(state: State) -> None:
    kept = state.root / "kernel-settings.json"
    if kept.is_file():
        for name, value in json.loads(kept.read_text()).items():
            (PROC_SYS / name).write_text(value)


def _run(*command: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done
