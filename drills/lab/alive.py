"""What the city's other services answer in the lab: that they are there, for as long as their machine is on.

Login, the website and the booking of times really run here, and are moved. The others need no program of their own to
be lost with their hall; each has one address, at the site it runs at, and a supplier's at a machine of the supplier's.

Run as `python -m drills.lab.alive --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus

from drills.lab.small_http import Answer, Asked, serve

SUPPLIER = "supplier"
STANDS: Mapping[str, tuple[str, ...]] = {
    "north": ("payment-account", "self-service"),
    "south": ("digital-mail", "business-portal", "health-record", "dispatch-feed"),
    SUPPLIER: ("citizen-register",),
}
"""Which services of the reference city answer where."""


def path(service: str) -> str:
    """Return the path at which a service answers."""
    return f"/{service}/alive"


def answers(services: Collection[str]) -> Callable[[Asked], Answer]:
    """Return what answers for these services and no others."""
    known = {path(service): service for service in services}

    def answer(asked: Asked) -> Answer:
        service = known.get(asked.path)
        if service is None:
            return Answer(HTTPStatus.NOT_FOUND, {"error": "no such service stands here"})
        return Answer(json={"service": service, "alive": True})

    return answer


def answer_beside(address: str, port: int, services: Collection[str]) -> None:
    """Answer in a thread of its own, for as long as this program runs."""
    threading.Thread(target=serve, args=(address, port, answers(services)), name="alive", daemon=True).start()


def main(argv: Sequence[str]) -> None:
    """Answer until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--services", nargs="+", required=True)
    given = parser.parse_args(argv)
    serve(given.address, given.port, answers(given.services))


if __name__ == "__main__":
    main(sys.argv[1:])
