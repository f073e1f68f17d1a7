"""A service small enough to break at will: POST /ledger keeps what it acknowledges, in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from seawall.targets import Endpoint

Mood = Literal["well", "refuses", "hangs up", "keeps silent", "writes and keeps silent"]


class SmallService(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.site = site
        self.mood: Mood = "well"
        self.rows: set[tuple[int, int]] = set()
        self.asked = 0
        self.over = threading.Event()

    @property
    def front(self) -> Endpoint:
        return Endpoint(address="127.0.0.1", port=self.server_port)

    def handle_error(self, request, client_address) -> None:
        """A client that hung up is what the tests ask for."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SmallService

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        mood = self.server.mood
        if mood in {"well", "writes and keeps silent"}:
            self.server.rows.add((asked["writer"], asked["seq"]))
        match mood:
            case "well":
                self._answer(201, json.dumps({"site": self.server.site}).encode())
            case "refuses":
                self._answer(503, b"no")
            case "hangs up":
                self.close_connection = True
            case _:
                self.server.over.wait(20)
                self.close_connection = True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *args) -> None:
        pass


@contextmanager
def small_service(site: str = "north") -> Iterator[SmallService]:
    with SmallService(site) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.over.set()
            service.shutdown()
            thread.join(5)
