"""What the lab's own HTTP servers (power controller, Slack) share: requests in threads, bodies with a limit, JSON out.

The standard library's server: it is up in 50 ms, and it is the vendor's wire format that matters here.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `query` is what stands after the question mark, as it came."""

    method: str
    path: str
    headers: Message
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `json` None sends no body."""

    status: HTTPStatus = HTTPStatus.OK
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def serve(
    address: str, port: int, answer: Callable[[Asked], Answer], certificate: Path | None = None
) -> None:
    """Answer until the machine is turned off; over TLS where there is a certificate, in one file with its key."""

    class Conversation(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 60

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            path, _, query = self.path.partition("?")
            asked = Asked(self.command, path, self.headers, self.rfile.read(length), query)
            given = answer(asked)
            body = b"" if given.json is None else json.dumps(given.json).encode()
            self.send_response(given.status)
            if body:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            if given.status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the standard library looks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parameter's name
            """Say nothing: a request may hold what belongs in no log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server((address, port), Conversation)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
