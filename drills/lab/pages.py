"""A web server that shows a folder as it is: the city's website at one site. It gives its rights away before it reads.

Beside it, at a port of its own, it answers for the services that only have to be there (`alive`): one program less.

Run as `python -m drills.lab.pages --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from drills.lab.alive import answer_beside


class Pages(SimpleHTTPRequestHandler):
    """Shows files, and says at which site."""

    protocol_version = "HTTP/1.1"
    site = ""
    timeout = 60

    def end_headers(self) -> None:
        """Add which site this is; nothing may be kept by whoever is in between."""
        self.send_header("X-Site", self.site)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parameter's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A request a thread."""

    daemon_threads = True
    request_queue_size = 64


def main(argv: Sequence[str]) -> None:
    """Serve until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--services-port", type=int, required=True)
    parser.add_argument("--services", nargs="+", required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    given = parser.parse_args(argv)
    Pages.site = given.site
    server = Server((given.address, given.port), partial(Pages, directory=str(given.folder)))
    if given.uid is not None:
        # What is shown may be a link to anywhere: only what the servers' account may read is shown.
        os.setgroups([])
        os.setgid(given.gid)
        os.setuid(given.uid)
    answer_beside(given.address, given.services_port, given.services)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
