"""The console as a program: one socket, one server, and an end within two seconds of being asked for it."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.web.listeners import who_listens
from seawall.errors import BadInput, JournalError
from seawall.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from console.web.archive import Archive

HOST = "127.0.0.1"
PORT = 7329
"""SEAW on a telephone's keys."""
ENDS_WITHIN = 1
"""Seconds that pages under way are given when it ends."""


def open_socket(host: str, port: int) -> socket.socket:
    """Listen at an address; port 0 is any free one.

    Raises:
        BadInput: the port is taken, is not ours to take, or the address is not this machine's.
    """
    where = f"--port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, protocol, _, address = found[0]
    except OSError as error:
        remedy = "Leave --host out: the console is then on this machine only"
        raise BadInput.one(f"{host!r} is no address", where="--host", remedy=remedy) from error
    # asyncio sends without delay only where the protocol is named; each page took 40 ms longer.
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        match error.errno:
            case errno.EADDRINUSE:
                raise _taken(host, port) from error
            case errno.EACCES:
                remedy = f"Take one above 1023, such as {PORT}, or --port 0 for any free one"
                raise BadInput.one("this account may not listen there", where=where, remedy=remedy) from error
        remedy = "Give an address of this machine, or leave --host out"
        raise BadInput.one(
            f"this machine cannot listen at {host}: {error.strerror}", where="--host", remedy=remedy
        ) from error
    return listening


def archive_of(settings: Settings) -> Archive:
    """Return what is kept of a city."""
    from console.web.archive import Archive

    return Archive(settings.runs, settings.city / "drills")


def make_server(
    settings: Settings, archive: Archive, listening: socket.socket, *, host: str, version: str
) -> uvicorn.Server:
    """Make the server of a city's runs, to be run on a socket that listens."""
    import uvicorn

    from console.web.app import web_app
    from console.web.pages import Pages
    from console.web.place import Surveyor

    pages = Pages(archive, Surveyor(settings.city), _now, version)
    names = {host.lower()} if is_loopback(listening) else {host.lower(), socket.gethostname().lower()}
    return uvicorn.Server(
        uvicorn.Config(
            web_app(pages, names),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=ENDS_WITHIN,
        )
    )


def serve(
    settings: Settings, listening: socket.socket, *, host: str, version: str, ready: Callable[[], None]
) -> None:
    """Serve the city's runs until somebody ends it: Ctrl-C, or `kill`.

    Args:
        settings: whose runs.
        listening: where.
        host: the name or address that was asked for.
        version: Seawall's.
        ready: called once the end can be asked for and whoever comes is answered.
    """
    archive = archive_of(settings)
    server = make_server(settings, archive, listening, host=host, version=version)
    threading.Thread(target=_remember, args=(archive,), name="remember", daemon=True).start()

    def end(_number: int, _frame: object) -> None:
        server.should_exit = True

    with _heeding(end):
        ready()
        server.run(sockets=[listening])


def address_of(listening: socket.socket, host: str) -> str:
    """Return what to type into a browser."""
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if host in ("", "0.0.0.0") else "[::1]" if host == "::" else host  # noqa: S104 - compared
    return f"http://[{shown}]:{port}/" if ":" in shown and shown[0] != "[" else f"http://{shown}:{port}/"


def is_loopback(listening: socket.socket) -> bool:
    """Tell whether nobody but this machine can reach it."""
    address = str(listening.getsockname()[0])
    return address.startswith("127.") or address == "::1"


@contextlib.contextmanager
def _heeding(end: signal._HANDLER) -> Iterator[None]:
    """Let Ctrl-C and `kill` end the server; it raises them once more when it is over, and they mean nothing then."""
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


def _remember(archive: Archive) -> None:
    with contextlib.suppress(JournalError):  # whoever asks for the page is told
        archive.remember()


def _taken(host: str, port: int) -> BadInput:
    holder = who_listens(port)
    by = f"is taken by {holder}" if holder else "is taken by another program"
    whom = f"Ask {holder.user} about it" if holder else "See who has it with `ss -ltnp`"
    remedy = (
        f"{whom}, or take another: --port {port + 1 if port < 65535 else PORT}, or --port 0 for any free one"  # noqa: PLR2004 - the last port
    )
    return BadInput.one(f"port {port} of {host} {by}", where="--port", remedy=remedy)


def _now() -> datetime:
    return datetime.now(UTC)
