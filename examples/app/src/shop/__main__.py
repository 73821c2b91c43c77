"""Run the service: ``python -m shop``; the environment's PORT names the port (8080)."""

import os
import signal
import threading

from shop.server import make_server


def main() -> None:
    server = make_server(int(os.environ.get("PORT", "8080")))
    # shutdown() waits for the loop that this very thread runs, so another thread calls it.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"shop listens on port {server.server_port}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
