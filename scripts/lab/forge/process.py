"""Gitea on this machine, from nothing, for as long as a test wants it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from idag.toolchain import asset, tool
from implementation_dag.base.errors import CommandError
from implementation_dag.base.wait import rounds
from scripts.lab import ports
from scripts.lab.forge.driver import ADMIN, Driver
from scripts.lab.forge.settings import app_ini

# Gitea refuses to be root.
USER = 65532
START_SECONDS = 120
STOP_SECONDS = 20


class ForgeDied(CommandError):
    """Gitea did not start, or not in time; the text has the end of its log."""


@dataclass(frozen=True)
class Forge:
    """A running forge. `url` is its address, `ca_file` its authority where it speaks TLS; the password is `admin`'s."""

    url: str
    ca_file: Path | None
    admin: Driver
    password: str
    process: subprocess.Popen[bytes]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it take connections and answer nothing until the block ends."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(certificate: tuple[Path, Path] | None = None) -> Iterator[Forge]:
    """Run an empty forge on loopback; with `certificate` (and its key) it speaks TLS as localhost.

    The certificate is to be its own authority. Raises ForgeDied, ToolMissing.
    """
    # Not below the caller's own folder: another user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="idag-forge-"))
    try:
        program = _laid_out(folder, certificate)
        port = ports.free()
        url = f"{'https' if certificate else 'http'}://localhost:{port}"
        settings = folder / "app.ini"
        data = folder / "data"
        tls = (folder / "tls.crt", folder / "tls.key") if certificate else (None, None)
        settings.write_text(
            app_ini(
                url=url,
                address="127.0.0.1",
                port=port,
                static=folder,
                data=data,
                user="forge",
                secret=secrets.token_hex(32),
                certificate=tls[0],
                key=tls[1],
            )
        )
        _own(folder)
        command = [str(program), "--config", str(settings), "--work-path", str(data)]
        password = secrets.token_hex(16)
        _run(command, data, "migrate")
        _run(
            command, data, "admin", "user", "create", "--admin", "--username", ADMIN, "--password", password,
            "--email", f"{ADMIN}@example.com", "--must-change-password=false",
        )  # fmt: skip
        token = _run(
            command, data, "admin", "user", "generate-access-token", "--username", ADMIN, "--token-name", "tests",
            "--scopes", "all", "--raw",
        )  # fmt: skip
        ca_file = certificate[0] if certificate else None
        with _serving(command, data, url, ca_file) as process:
            driver = Driver(url, ADMIN, token, password, ca_file)
            try:
                yield Forge(url, ca_file, driver, password, process)
            finally:
                driver.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _laid_out(folder: Path, certificate: tuple[Path, Path] | None) -> Path:
    """Put program, templates and options where another user reads them; return the program's path."""
    folder.chmod(0o755)
    program = folder / "gitea"
    shutil.copyfile(tool("gitea").resolve(), program)
    program.chmod(0o755)
    for name in ("templates", "options"):
        shutil.copytree(asset("gitea", name), folder / name)
    if certificate:
        for source, name in zip(certificate, ("tls.crt", "tls.key"), strict=True):
            shutil.copyfile(source, folder / name)
    (folder / "data").mkdir()
    return program


def _user() -> int | None:
    """Return whom to run as: another where we are root."""
    return USER if os.geteuid() == 0 else None


def _environment(data: Path) -> dict[str, str]:
    # Gitea needs git, and asks USER who it is: its user may have no name on this machine.
    return {"PATH": os.environ["PATH"], "HOME": str(data), "USER": "forge", "LC_ALL": "C.UTF-8"}


def _run(command: list[str], data: Path, *arguments: str) -> str:
    """Return what a command of Gitea printed last. Raises ForgeDied."""
    done = subprocess.run(
        [*command, *arguments],
        cwd=data,
        env=_environment(data),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        user=_user(),
        group=_user(),
        extra_groups=[] if _user() else None,
    )
    if done.returncode:
        raise ForgeDied(f"gitea {arguments[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return (done.stdout.strip().splitlines() or [""])[-1]


@contextmanager
def _serving(command: list[str], data: Path, url: str, ca_file: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    log = data.parent / "gitea.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "web"],
            cwd=data,
            env=_environment(data),
            stdout=output,
            stderr=subprocess.STDOUT,
            user=_user(),
            group=_user(),
            extra_groups=[] if _user() else None,
        )
    try:
        _wait(process, url, ca_file, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, ca_file: Path | None, log: Path) -> None:
    trusted = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    with httpx2.Client(verify=trusted, trust_env=False) as client:
        for _ in rounds(START_SECONDS, 0.1):
            if process.poll() is not None:
                break
            try:
                if client.get(f"{url}/api/healthz").status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                continue
    raise ForgeDied(f"Gitea does not answer at {url}: {log.read_text(errors='replace')[-2000:]}")


def _own(folder: Path) -> None:
    """Hand the folder over to the user that Gitea runs as."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, USER)
