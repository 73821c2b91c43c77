"""GitHub's git service, as the pipeline sees it: smart HTTPS git with pull requests. Runs in a pod.

Standard library and git only: the script is mounted from a ConfigMap into the runtime image.
Settings come from the environment: ROOT (folder of the bare repositories), PORT, TOKEN_FILE, CERTIFICATE and KEY.

`POST /api/repos` {"owner", "name"} creates a repository; `POST /api/repos/<owner>/<name>/pulls` {"number", "head"}
opens a pull request of a branch. From then on each push to the branch moves `refs/pull/<number>/head`.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
GIT_PATH = re.compile(rf"/({NAME})/({NAME})\.git/(info/refs|git-upload-pack|git-receive-pack)")
PULLS_PATH = re.compile(rf"/api/repos/({NAME})/({NAME})/pulls")
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
BLOCK = 64 * 1024
DOCUMENT_LIMIT = 64 * 1024
IDLE_SECONDS = 60
# File in a bare repository: one line `<number> <branch>` per open pull request.
PULLS_FILE = "pulls"
# As at GitHub: any object may be asked for by name, partial clones work, and nobody pushes to refs/pull.
REPOSITORY_SETTINGS = {
    "uploadpack.allowReachableSHA1InWant": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "receive.hideRefs": "refs/pull",
    "receive.fsckObjects": "true",
    "http.receivepack": "true",
    "gc.auto": "0",
}
POST_RECEIVE = """#!/bin/sh
# Moves the head of each pull request whose branch was pushed; a deleted branch leaves the last head, as at GitHub.
while read -r _ new ref; do
  case "$new" in *[!0]*) ;; *) continue ;; esac
  while read -r number branch; do
    if [ "$ref" = "refs/heads/$branch" ]; then git update-ref "refs/pull/$number/head" "$new"; fi
  done < pulls
done
"""


class RequestError(Exception):
    """What the client asked for cannot be done; `status` is the answer, the text says why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def _git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` and return its output. Raises CalledProcessError."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def create_repository(root: Path, owner: str, name: str) -> Path:
    """Create the bare repository `owner`/`name` with the branch main as its head; nothing to do when it is there."""
    if not (re.fullmatch(NAME, owner) and re.fullmatch(NAME, name)):
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, f"owner {owner!r} and name {name!r} must match {NAME}")
    folder = root / owner / f"{name}.git"
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    for key, value in REPOSITORY_SETTINGS.items():
        _git(folder, "config", key, value)
    (folder / PULLS_FILE).touch()
    hook = folder / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(POST_RECEIVE)
    hook.chmod(0o755)
    return folder


def open_pull_request(folder: Path, number: int, branch: str) -> None:
    """Bind pull request `number` to `branch` of the bare repository `folder`, and set its head."""
    if number < 1 or not BRANCH.fullmatch(branch) or ".." in branch:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"number {number} must be 1 or more, head {branch!r} a branch"
        )
    try:
        head = _git(folder, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, f"head {branch!r} is no branch of the repository") from None
    path = folder / PULLS_FILE
    others = [line for line in path.read_text().splitlines() if line.split(" ", 1)[0] != str(number)]
    fresh = folder / f"{PULLS_FILE}.new"
    fresh.write_text("\n".join([*others, f"{number} {branch}"]) + "\n")
    fresh.replace(path)
    _git(folder, "update-ref", f"refs/pull/{number}/head", head)


class Handler(BaseHTTPRequestHandler):
    """Hands git's requests to `git http-backend` and answers the two calls of the API."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # An answer goes out in small pieces: Nagle would hold each back until the one before is acknowledged.
    disable_nagle_algorithm = True
    server: GitServer

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request, but not the kubelet's question each second."""
        if self.path != "/healthz":
            super().log_request(code, size)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        try:
            if self.command == "GET" and path == "/healthz":
                self._send_document(HTTPStatus.OK, {"status": "ok"})
                return
            self._authenticate()
            if match := GIT_PATH.fullmatch(path):
                self._serve_git(*match.groups())
            elif self.command == "POST" and path == "/api/repos":
                document = self._document()
                create_repository(self.server.root, str(document.get("owner", "")), str(document.get("name", "")))
                self._send_document(HTTPStatus.CREATED, document)
            elif self.command == "POST" and (match := PULLS_PATH.fullmatch(path)):
                document = self._document()
                folder = self._repository(*match.groups())
                with self.server.pulls_lock:
                    open_pull_request(folder, int(str(document.get("number", 0))), str(document.get("head", "")))
                self._send_document(HTTPStatus.CREATED, document)
            else:
                raise RequestError(HTTPStatus.NOT_FOUND, f"nothing at {path}")
        except RequestError as error:
            # The body was not read, so the connection cannot be used again.
            self.close_connection = True
            self._send_document(error.status, {"message": str(error)})
        except (ValueError, TypeError) as error:
            self.close_connection = True
            self._send_document(HTTPStatus.BAD_REQUEST, {"message": str(error)})

    def _authenticate(self) -> None:
        """The repository is private: reading needs the token too. The user's name is free, as at GitHub."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        given = b""
        if kind.lower() == "basic":
            given = base64.b64decode(value, validate=True).partition(b":")[2]
        if not hmac.compare_digest(given, self.server.token):
            raise RequestError(HTTPStatus.UNAUTHORIZED, "a token is needed: user x-access-token, password the token")

    def _repository(self, owner: str, name: str) -> Path:
        folder = self.server.root / owner / f"{name}.git"
        if not folder.is_dir():
            raise RequestError(HTTPStatus.NOT_FOUND, f"no repository {owner}/{name}")
        return folder

    def _document(self) -> dict[str, object]:
        size = int(self.headers.get("Content-Length", "0"))
        if size > DOCUMENT_LIMIT:
            raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{size} bytes, at most {DOCUMENT_LIMIT}")
        found = json.loads(self.rfile.read(size))
        if not isinstance(found, dict):
            raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be a JSON object")
        return found

    def _send_document(self, status: HTTPStatus, document: dict[str, object]) -> None:
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _serve_git(self, owner: str, name: str, service: str) -> None:
        self._repository(owner, name)
        backend = subprocess.Popen(
            ["git", "http-backend"],
            env=self._cgi_environment(f"/{owner}/{name}.git/{service}"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if backend.stdin is None or backend.stdout is None:
            raise RuntimeError("git http-backend has no pipes")
        # Both directions at once: a large push must not wait for an answer, nor the other way round.
        feeder = threading.Thread(target=self._feed, args=(backend.stdin,))
        feeder.start()
        try:
            self._relay(cast(BufferedReader, backend.stdout))
        finally:
            backend.stdout.close()
            feeder.join()
            if backend.wait():
                self.log_error("git http-backend ended with exit code %d", backend.returncode)

    def _cgi_environment(self, path: str) -> dict[str, str]:
        """Variables of `git http-backend` (its manual, section ENVIRONMENT)."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": urlsplit(self.path).query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_USER": "x-access-token",
            "REMOTE_ADDR": self.client_address[0],
        }
        for variable, header in {
            "CONTENT_LENGTH": "Content-Length",
            "HTTP_CONTENT_ENCODING": "Content-Encoding",
            "GIT_PROTOCOL": "Git-Protocol",
        }.items():
            if value := self.headers.get(header):
                env[variable] = value
        return env

    def _feed(self, target: IO[bytes]) -> None:
        try:
            with target:
                for block in self._body():
                    target.write(block)
        except (OSError, ValueError) as error:
            # http-backend may end before it read all; then the rest is of no use to anybody.
            self.close_connection = True
            self.log_error("request body not taken over: %s", error)

    def _body(self) -> Iterator[bytes]:
        """The request's body in blocks, of known length or in chunks (RFC 9112, 7.1)."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(100).split(b";")[0], 16):
                yield from self._exactly(size)
                self.rfile.readline(10)
            while self.rfile.readline(1000).strip():
                pass
        else:
            yield from self._exactly(int(self.headers.get("Content-Length", "0")))

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            block = self.rfile.read(min(size, BLOCK))
            if not block:
                raise ValueError(f"the connection ended {size} bytes early")
            size -= len(block)
            yield block

    def _relay(self, source: BufferedReader) -> None:
        """Send the CGI answer on: its header lines, then its body in chunks as it comes."""
        status, headers = "200", []
        while line := source.readline().strip():
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == "status":
                status = value.strip().split(" ")[0]
            else:
                headers.append((key, value.strip()))
        self.send_response(int(status))
        for key, value in headers:
            if key.lower() != "content-length":
                self.send_header(key, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while block := source.read1(BLOCK):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        self.wfile.write(b"0\r\n\r\n")


class GitServer(ThreadingHTTPServer):
    """Serves the bare repositories below `root`; `token` is the one password."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], root: Path, token: str) -> None:
        if not token:
            raise ValueError("the token is empty: the server would be open to everybody")
        super().__init__(address, Handler)
        self.root = root
        self.token = token.encode()
        self.pulls_lock = threading.Lock()

    def use_tls(self, certificate: Path, key: Path) -> None:
        """Speak TLS; the handshake happens in the thread of the connection, so nobody holds up the others."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


def main() -> None:
    env = os.environ
    # As process 1 of a container nothing ends it unless it says so itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    root = Path(env["ROOT"])
    root.mkdir(parents=True, exist_ok=True)
    server = GitServer(("0.0.0.0", int(env["PORT"])), root, Path(env["TOKEN_FILE"]).read_text().strip())  # noqa: S104
    server.use_tls(Path(env["CERTIFICATE"]), Path(env["KEY"]))
    print(f"git server on port {server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
