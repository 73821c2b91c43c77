"""Command lines and configuration files of the components that run on the host."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from scripts.lab.cluster.processes import Command
from scripts.lab.cluster.settings import (
    API_URL,
    CGROUP,
    CLUSTER_DOMAIN,
    DNS_SERVICE_IP,
    NODE_IP,
    NODE_NAME,
    POD_CIDR,
    REGISTRY,
    SERVICE_CIDR,
    State,
    write_if_changed,
)

Tool = Callable[[str], Path]
PAUSE_IMAGE = "localhost/idag/pause:1"


def all_components(state: State, tool: Tool) -> list[Command]:
    """Every component in the order of starting; their configuration files are written when they changed."""
    return [
        etcd(state, tool),
        containerd(state),
        apiserver(state, tool),
        controller_manager(state, tool),
        scheduler(state, tool),
        kubelet(state, tool),
        proxy(state, tool),
        registry(state, tool),
    ]


# Where each component answers, in the order of starting; shown by `status`.
ADDRESSES = {
    "etcd": "http://127.0.0.1:2379",
    "containerd": "{state}/containerd/containerd.sock",
    "kube-apiserver": API_URL,
    "kube-controller-manager": "https://127.0.0.1:10257",
    "kube-scheduler": "https://127.0.0.1:10259",
    "kubelet": f"https://{NODE_IP}:10250",
    "kube-proxy": "http://127.0.0.1:10256",
    "registry": f"https://{REGISTRY}",
}


def etcd(state: State, tool: Tool) -> Command:
    """Data is thrown away by `down`, so it need not survive a power cut: no fsync."""
    client = ADDRESSES["etcd"]
    arguments = (
        str(tool("etcd")),
        f"--data-dir={state.root / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    return Command("etcd", arguments)


def apiserver(state: State, tool: Tool) -> Command:
    pki = state.pki
    arguments = (
        str(tool("kube-apiserver")),
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={NODE_IP}",
        f"--bind-address={NODE_IP}",
        "--secure-port=6443",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        f"--service-account-key-file={pki / 'service-account.pub'}",
        f"--service-account-signing-key-file={pki / 'service-account.key'}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        # As every installer sets it: otherwise policies against privileged containers were never asked.
        "--allow-privileged=true",
        # Without it `kubectl logs` looks the node's name up in DNS.
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}",
    )
    return Command("kube-apiserver", arguments)


def controller_manager(state: State, tool: Tool) -> Command:
    arguments = (
        str(tool("kube-controller-manager")),
        f"--kubeconfig={state.config / 'controller-manager.kubeconfig'}",
        f"--service-account-private-key-file={state.pki / 'service-account.key'}",
        f"--root-ca-file={state.pki / 'ca.crt'}",
        "--use-service-account-credentials=true",
        f"--cluster-cidr={POD_CIDR}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )
    return Command("kube-controller-manager", arguments)


def scheduler(state: State, tool: Tool) -> Command:
    arguments = (
        str(tool("kube-scheduler")),
        f"--kubeconfig={state.config / 'scheduler.kubeconfig'}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )
    return Command("kube-scheduler", arguments)


def containerd(state: State) -> Command:
    """Everything containerd keeps lies in the state folder, network namespaces and runc's state too."""
    folder = state.containerd
    text = f"""\
version = 2
root = "{folder / "root"}"
state = "{folder / "run"}"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
address = "{state.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{state.root / "cni" / "net.d"}"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{folder / "certs.d"}"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "{folder / "runc"}"
"""
    hosts = f"""\
server = "https://{REGISTRY}"
[host."https://{REGISTRY}"]
capabilities = ["pull", "resolve"]
ca = "{state.pki / "ca.crt"}"
"""
    path = folder / "config.toml"
    write_if_changed(path, text)
    write_if_changed(folder / "certs.d" / REGISTRY / "hosts.toml", hosts)
    arguments = ("/usr/bin/containerd", "--config", str(path))
    return Command("containerd", arguments, (text,))


def kubelet(state: State, tool: Tool) -> Command:
    """The kubelet works in a cgroup of ours: what is below it is ours to end."""
    resolver = state.config / "resolv.conf"
    write_if_changed(resolver, f"nameserver {DNS_SERVICE_IP}\n")
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_IP,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(state.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [DNS_SERVICE_IP],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(resolver),
        "containerRuntimeEndpoint": f"unix://{state.containerd_socket}",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # Our own images came by import: what is collected could not be pulled again.
        "imageGCHighThresholdPercent": 100,
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        # A fork bomb ends in its own pod.
        "podPidsLimit": 1024,
        "podLogsDir": str(state.root / "pod-logs"),
        "serializeImagePulls": False,
        "shutdownGracePeriod": "0s",
        "tlsCertFile": str(state.pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(state.pki / "kubelet.key"),
        "volumePluginDir": str(state.root / "volume-plugins"),
    }
    text = json.dumps(config, indent=2) + "\n"
    path = state.config / "kubelet.json"
    write_if_changed(path, text)
    arguments = (
        str(tool("kubelet")),
        f"--config={path}",
        f"--kubeconfig={state.config / 'kubelet.kubeconfig'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE_IP}",
        f"--root-dir={state.kubelet}",
        f"--cert-dir={state.kubelet / 'pki'}",
    )
    return Command("kubelet", arguments, (text,))


def proxy(state: State, tool: Tool) -> Command:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(state.config / "proxy.kubeconfig")},
        "mode": "nftables",
        "clusterCIDR": POD_CIDR,
        "conntrack": {"maxPerCore": 0},
        "hostnameOverride": NODE_NAME,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "nftables": {"minSyncPeriod": "100ms"},
    }
    text = json.dumps(config, indent=2) + "\n"
    path = state.config / "proxy.json"
    write_if_changed(path, text)
    arguments = (str(tool("kube-proxy")), f"--config={path}")
    return Command("kube-proxy", arguments, (text,))


def registry(state: State, tool: Tool) -> Command:
    config = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(state.root / "registry")},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {
            "addr": REGISTRY,
            "tls": {"certificate": str(state.pki / "registry.crt"), "key": str(state.pki / "registry.key")},
        },
    }
    text = json.dumps(config, indent=2) + "\n"
    path = state.config / "registry.json"
    write_if_changed(path, text)
    arguments = (str(tool("registry")), "serve", str(path))
    # Its tracing would look for a collector on this machine.
    environment = {"OTEL_TRACES_EXPORTER": "none"}
    return Command("registry", arguments, (text,), environment)
