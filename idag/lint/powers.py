"""What a pod or container asks for beyond the pod security level `restricted`.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Iterator

from idag.render.manifests import Object

_VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"),
    *("image", "name"),
)
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SYSCTLS = (
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
)


def of_pod(spec: Object) -> Iterator[str]:
    """Yield in words what the pod's spec asks for, its containers left out."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field) is True:
            yield f"{field}: true"
    for volume in spec.get("volumes") or []:
        for kind in volume.keys() - set(_VOLUMES):
            path = f" {volume[kind].get('path', '')}".rstrip() if isinstance(volume[kind], dict) else ""
            yield f"a volume {kind}{path}"
    security = spec.get("securityContext") or {}
    for setting in security.get("sysctls") or []:
        if setting.get("name") not in _SYSCTLS:
            yield f"sysctl {setting.get('name')}"
    yield from _of_both(security)


def of_container(container: Object) -> Iterator[str]:
    """Yield in words what a container asks for; what it fails to say is another matter."""
    security = container.get("securityContext") or {}
    if security.get("privileged") is True:
        yield "privileged: true"
    if security.get("allowPrivilegeEscalation") is True:
        yield "allowPrivilegeEscalation: true"
    added = (security.get("capabilities") or {}).get("add") or []
    if extra := [name for name in added if name != "NET_BIND_SERVICE"]:
        yield f"capabilities.add: {', '.join(extra)}"
    if security.get("procMount", "Default") != "Default":
        yield f"procMount: {security['procMount']}"
    for port in container.get("ports") or []:
        if port.get("hostPort"):
            yield f"hostPort {port['hostPort']}"
    yield from _of_both(security)


def _of_both(security: Object) -> Iterator[str]:
    user = security.get("runAsUser")
    if isinstance(user, int) and not isinstance(user, bool) and user == 0:
        yield "runAsUser: 0"
    if security.get("runAsNonRoot") is False:
        yield "runAsNonRoot: false"
    for field in ("seccompProfile", "appArmorProfile"):
        if (security.get(field) or {}).get("type") == "Unconfined":
            yield f"{field}: Unconfined"
    selinux = security.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions of its own"
    if (security.get("windowsOptions") or {}).get("hostProcess") is True:
        yield "windowsOptions.hostProcess: true"
