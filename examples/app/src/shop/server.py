"""The HTTP server."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from shop import __version__, pages


class Handler(BaseHTTPRequestHandler):
    """Routes GET and HEAD requests to the pages."""

    server_version = f"shop/{__version__}"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(self._route(), with_body=True)

    def do_HEAD(self) -> None:
        self._send(self._route(), with_body=False)

    def _route(self) -> pages.Answer:
        url = urlsplit(self.path)
        match url.path:
            case "/":
                return pages.home(self.headers.get("Accept", ""))
            case "/healthz":
                return pages.healthz()
            case "/quote":
                return pages.quotation(dict(parse_qsl(url.query)))
            case _:
                return pages.Answer(HTTPStatus.NOT_FOUND, {"error": f"no such path: {url.path}"})

    def _send(self, answer: pages.Answer, with_body: bool) -> None:
        if isinstance(answer.document, str):
            kind, body = "text/html; charset=utf-8", answer.document.encode()
        else:
            kind, body = "application/json", json.dumps(answer.document).encode() + b"\n"
        self.send_response(answer.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def make_server(port: int, address: str = "0.0.0.0") -> ThreadingHTTPServer:
    """A server bound to `address`:`port`; port 0 takes a free one."""
    return ThreadingHTTPServer((address, port), Handler)
