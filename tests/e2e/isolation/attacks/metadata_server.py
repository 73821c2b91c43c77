"""Answers as a cloud's metadata service would, and notes who asked: metadata_server.py ADDRESS LOG."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """Any path gives a credential."""

    def setup(self) -> None:
        with Path(sys.argv[2]).open("a") as log:
            log.write(f"{self.client_address[0]}\n")
        super().setup()

    def do_GET(self) -> None:
        """Answer with what an attacker is after."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"AccessKeyId": "stand-in"}')

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


ThreadingHTTPServer((sys.argv[1], 80), Handler).serve_forever()
