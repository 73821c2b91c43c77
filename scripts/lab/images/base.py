"""Small Debians made here by mmdebstrap, for machines that reach no image registry."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from idag.progress import Progress
from idag.toolchain.architecture import MACHINES, own_architecture
from scripts.lab.errors import LabError
from scripts.lab.images import buildah, emulation
from scripts.lab.images.image import ImageRef, image_at
from scripts.lab.images.keys import content_key

SUITE = "bookworm"
PYTHON_VERSION = "3.11"
LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
)
# Perl's library serves only git's mail and svn commands; the rest is unused or names this machine.
REMOVED = (
    "/usr/share/perl",
    "/usr/share/perl5",
    "/usr/share/gitweb",
    "/usr/lib/python3.11/test",
    "/usr/lib/python3.11/idlelib",
    "/usr/lib/python3.11/lib2to3",
    "/usr/lib/python3.11/pydoc_data",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/var/cache/debconf",
    "/var/cache/ldconfig",
    "/var/log",
)
# The same below the architecture's own folder of libraries; patterns.
REMOVED_LIBRARIES = ("perl", "gconv", "libperl.so.*")
# The root is read-only in the cluster, so Python can never write its compiled files later.
COMPILE = "python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3.11 /usr/lib/python3"


@dataclass(frozen=True)
class Debian:
    """A Debian tree: the image's name, its packages, and the command of a container that names none."""

    name: str
    packages: tuple[str, ...]
    command: str
    architecture: str = field(default_factory=own_architecture)

    @property
    def key(self) -> str:
        """Content key of the recipe: packages, what is left out, and how."""
        recipe = {
            "suite": SUITE,
            "architecture": self.architecture,
            "packages": " ".join(self.packages),
            "left out": " ".join(LEFT_OUT),
            "hooks": "\n".join(customize_hooks(self)),
            "epoch": str(buildah.EPOCH),
        }
        return content_key(recipe, [])


PYTHON = Debian("python-base", ("usr-is-merged", "python3", "ca-certificates", "git"), "python3")


def apt_sources(folder: Path = Path("/etc/apt")) -> list[Path]:
    """The machine's own package source files that offer the suite; they stay out of the image.

    Raises LabError when none names the suite.
    """
    candidates = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found = [
        path
        for path in candidates
        if path.suffix in {".list", ".sources"}
        and path.is_file()
        and re.search(rf"^[^#\n]*\b{SUITE}\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    if not found:
        raise LabError(f"{folder}: no package source for Debian {SUITE}; add one, or give --base-image REFERENCE")
    return found


def apt_options() -> list[str]:
    """The machine's Acquire settings (a proxy, certificates), which mmdebstrap does not take over."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return [
        line for line in dump.splitlines() if re.match(r"Acquire::(https?|Check|Retries|AllowInsecure)\b\S* \"", line)
    ]


def customize_hooks(debian: Debian = PYTHON) -> list[str]:
    """Shell lines that mmdebstrap runs on the finished tree in ``$1``."""
    removed = " ".join(f'"$1"{shlex.quote(path)}' for path in REMOVED)
    libraries = " ".join(f'"$1"/usr/lib/{MACHINES[debian.architecture]}-linux-gnu/{name}' for name in REMOVED_LIBRARIES)
    compiling = [f'chroot "$1" env PYTHONHASHSEED=0 {COMPILE}'] if "python3" in debian.packages else []
    return [
        *compiling,
        f"rm -rf {removed} {libraries}",
        # mmdebstrap itself removes 00mmdebstrap afterwards, and fails when it is gone.
        'find "$1"/etc/apt -type f ! -name 00mmdebstrap -delete',
        'mkdir -p "$1"/var/log && : > "$1"/etc/resolv.conf',
        'rm -f "$1"/etc/machine-id "$1"/var/lib/dpkg/*-old',
    ]


def _bootstrap(debian: Debian, archive: Path) -> None:
    """Write the Debian tree to the tar `archive`."""
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=essential",
        "--format=tar",
        f"--architectures={debian.architecture}",
        # It would want another package to find out whether this machine runs the architecture's programs: it does.
        "--skip=check/qemu",
        f"--include={','.join(debian.packages)}",
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--aptopt={option}" for option in apt_options()),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        *(f"--customize-hook={hook}" for hook in customize_hooks(debian)),
        SUITE,
        str(archive),
        *(str(path) for path in apt_sources()),
    ]
    if shutil.which("mmdebstrap") is None:
        raise LabError("mmdebstrap is not installed: apt-get install mmdebstrap")
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "SOURCE_DATE_EPOCH": str(buildah.EPOCH),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(line[:400] for line in done.stderr.strip().splitlines()[-12:])
        raise LabError(f"mmdebstrap failed with exit code {done.returncode}:\n{said}")


def _import(debian: Debian, tree: Path, image: ImageRef) -> None:
    """Make the tar `tree` an image of one layer named ``image.local``."""
    with buildah.container("scratch") as container:
        buildah.run("add", "--quiet", container, tree, "/")
        buildah.run(
            "config",
            "--arch",
            debian.architecture,
            "--cmd",
            debian.command,
            "--env",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "--env",
            "LANG=C.UTF-8",
            container,
        )
        options = [f"--timestamp={buildah.EPOCH}", buildah.signature_policy()]
        buildah.run("commit", "--quiet", *options, container, image.local)


def build(debian: Debian = PYTHON) -> ImageRef:
    """The Debian base, from the cache or made now (about a minute)."""
    progress = Progress("images")
    image = image_at(debian.name, debian.key)
    if image.archive.exists():
        buildah.load(image.archive, image.local)
        return image
    emulation.require(debian.architecture, progress)
    progress(f"{image.name}: installing Debian {SUITE} with {', '.join(debian.packages[1:])} (about a minute, once)")
    with tempfile.TemporaryDirectory(prefix="idag-base-") as folder:
        tree = Path(folder) / "tree.tar"
        _bootstrap(debian, tree)
        progress(f"{image.name}: tree of {tree.stat().st_size / 1e6:.0f} MB, making the image")
        _import(debian, tree, image)
    buildah.save(image.local, image.archive, debian.architecture)
    progress(f"{image.name}: {image.digest} ({image.size / 1e6:.0f} MB compressed)")
    return image
