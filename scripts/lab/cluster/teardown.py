"""End pods' processes and shims; undo mounts, cgroups and the state folder."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
from pathlib import Path

from implementation_dag.base.wait import rounds
from scripts.lab.cluster import processes
from scripts.lab.cluster.settings import CGROUP, State
from scripts.lab.errors import LabError

CGROUPS = Path("/sys/fs/cgroup")
# Of cgroup v1 and v2: eight times the weight of one process.
POD_WEIGHTS = {"cpu.shares": 8192, "cpu.weight": 800}
_DETACH = 2  # MNT_DETACH of umount2(2)


def cgroup_roots() -> list[Path]:
    """The hierarchies of cgroup v1, or the one of v2."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted(path for path in CGROUPS.iterdir() if path.is_dir() and (path / "cgroup.procs").exists())


def make_cgroups() -> None:
    """The kubelet wants its root cgroup to exist in every hierarchy."""
    for root in cgroup_roots():
        (root / CGROUP).mkdir(exist_ok=True)
        # All pods together would have the weight of one process beside them, and starve on a busy machine.
        for name, weight in POD_WEIGHTS.items():
            if (file := root / CGROUP / name).exists():
                file.write_text(str(weight))


def container_processes() -> set[int]:
    """Pids of everything that runs in a pod: all that is in our cgroup."""
    found: set[int] = set()
    for root in cgroup_roots():
        # os.walk, for which a group that goes away while we look is none; rglob ends with an error.
        for folder, _, _ in os.walk(root / CGROUP):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
    return found - {0}


def shims(state: State) -> set[int]:
    """Pids of the shims that belong to our containerd socket."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended while we looked
        if b"containerd-shim" in arguments[0] and str(state.containerd_socket).encode() in arguments:
            found.add(int(entry.name))
    return found


def kill_containers(state: State, seconds: float = 20) -> int:
    """Kill pods' processes, then their shims, until none is left; returns how many there were."""
    seen: set[int] = set()
    for _ in rounds(seconds, 0.05):
        left = container_processes() | shims(state)
        if not left:
            return len(seen)
        seen |= left
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    raise LabError(f"these processes of the cluster do not end: {sorted(left)}; look at /proc/PID/stack")


def mounts_below(folder: Path) -> list[Path]:
    """Mount points at or below `folder`, deepest and latest first."""
    prefix = str(folder)
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # proc(5): blank, tab, newline and backslash are written as octal escapes.
        point = line.split()[4].encode().decode("unicode_escape")
        if point == prefix or point.startswith(prefix + "/"):
            found.append(Path(point))
    return list(reversed(found))


def unmount_all(state: State) -> int:
    """Unmount everything below the state folder; returns how many mounts there were."""
    libc = ctypes.CDLL(None, use_errno=True)
    count = 0
    while points := mounts_below(state.root):
        for point in points:
            if libc.umount2(os.fsencode(point), _DETACH) != 0:
                raise LabError(f"cannot unmount {point}: {os.strerror(ctypes.get_errno())}")
            count += 1
    return count


def remove_cgroups() -> None:
    """Remove our cgroup from every hierarchy, leaves first."""
    for root in cgroup_roots():
        top = root / CGROUP
        if not top.is_dir():
            continue
        for folder, _, _ in os.walk(top, topdown=False):
            _remove_cgroup(Path(folder))


def _remove_cgroup(folder: Path, seconds: float = 5) -> None:
    """A cgroup stays busy for a moment after its last process was killed."""
    for left in rounds(seconds, 0.05):
        if not folder.is_dir():
            return
        try:
            folder.rmdir()
        except OSError as error:
            if not left:
                raise LabError(f"cannot remove cgroup {folder}: {error.strerror}") from error


def remove_state(state: State) -> None:
    """Remove the state folder, never through a mount."""
    if state.root.exists():
        if mounts_below(state.root):
            raise LabError(f"something was mounted below {state.root} meanwhile: run `down` again")
        shutil.rmtree(state.root)


def stop_components(state: State, names: tuple[str, ...]) -> list[str]:
    """Stop components in the given order; returns those that were running."""
    return [name for name in names if processes.stop(state, name)]
