"""python -m demo.shop --port 8001"""

from __future__ import annotations

import argparse
import contextlib
import signal
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from demo.shop.server import Shop
from demo.shop.setting import SettingFile


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not worth a line in the demo's terminal."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m demo.shop", description="A small shop on an origin of its own."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--info", type=Path, help="instead of DEMO_INFO or .demo/info.json")
    parser.add_argument(
        "--touchstone", default="", help="origin of Touchstone, instead of what the file says"
    )
    options = parser.parse_args()
    shop = Shop(SettingFile(options.info, options.touchstone))
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with make_server("127.0.0.1", options.port, shop, ThreadingServer, QuietHandler) as server:
        print(f"selling at http://127.0.0.1:{options.port}/", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
