"""One deadline over a whole call, also when a server answers a byte at a time.

Vendors bound each read or each phase, so a server that trickles keeps a call alive for hours. Here the call runs in a
thread of its own and its caller goes on at the deadline, whatever the vendor's library is doing.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar
from urllib.parse import urlsplit

from seawall.actions import Deadline
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, Unreachable, no_connection
from seawall.targets import Endpoint

T = TypeVar("T")

NO_ANSWER = "no answer came within the limit"

LOOKS = 5.0
"""Seconds for one look of `seawall doctor` at one thing."""

CONNECT = 3.0
"""Seconds for making a connection: one lost SYN is sent again after 1 s (RFC 6298), a second one after 2 s more."""


def within(
    deadline: Deadline,
    call: Callable[[], T],
    *,
    where: str,
    changes: bool,
    let_go: Callable[[T], object] = bool,
) -> T:
    """Make `call` and return what it returns, or go on without it at the deadline.

    A call that is given up goes on in its thread until its vendor's own limit ends it, which is why it counts as one
    that may yet act. `let_go` closes what it returns then, when nobody is there to take it any more.

    Raises:
        DidNothing: the time was up before it began, or was up and the call only reads.
        MayHaveActed: the time was up and the call changes something.
    """
    from concurrent.futures import Future, wait

    in_time(deadline, where)
    ended: Future[T] = Future()
    turn, given_up = threading.Lock(), threading.Event()

    def carry_out() -> None:
        try:
            in_time(deadline, where)  # a busy machine may be late in starting a thread
            result = call()
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits for it
            ended.set_exception(error)
            return
        with turn:
            if given_up.is_set():
                let_go(result)
            else:
                ended.set_result(result)

    threading.Thread(target=carry_out, name=f"call to {where}", daemon=True).start()
    wait((ended,), timeout=deadline.left)
    with turn:
        if not ended.done():
            given_up.set()
            raise unanswered(where, changes=changes)
    return ended.result()


def in_time(deadline: Deadline, where: str) -> None:
    """Refuse to begin what has no time left. Raises: DidNothing."""
    if deadline.passed:
        raise DidNothing(
            "the time was up before anything was sent", where=where, remedy="Give the step more time"
        )


def unanswered(where: str, *, changes: bool, saw: str = NO_ANSWER) -> CallError:
    """Say that a request went out and its answer was not seen: harmless for a reading call, in doubt for a change."""
    if changes:
        return MayHaveActed(saw, where=where, remedy="Look at it before deciding whether to try again")
    remedy = "See whether it is up and not overloaded, then try again"
    return DidNothing(saw, where=where, remedy=remedy, finding=Finding.SILENT if saw == NO_ANSWER else None)


def unreachable(where: str, why: object, finding: Finding | None = None) -> Unreachable:
    """Say that no connection could be made; an `OSError` says itself why, and of what kind that is."""
    if isinstance(why, OSError):
        why, finding = no_connection(why)
    return Unreachable(
        f"cannot connect: {why}",
        where=where,
        remedy="Check that it is up, its address and port, and the network between",
        finding=finding,
    )


def read_ahead(chunks: Iterable[bytes], deadline: Deadline, where: str, *, depth: int = 8) -> Iterator[bytes]:
    """Yield `chunks`, fetched a few ahead in another thread, until the deadline. What they raise is raised here.

    Raises:
        DidNothing: the time was up.
    """
    ahead: Queue[bytes | Exception | None] = Queue(maxsize=depth)
    gone = threading.Event()
    threading.Thread(target=_fetch, args=(chunks, ahead, gone), name=f"reading {where}", daemon=True).start()
    try:
        while (chunk := ahead.get(timeout=deadline.left or 0.001)) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            if deadline.passed:
                raise unanswered(where, changes=False)
            yield chunk
    except Empty:
        raise unanswered(where, changes=False) from None
    finally:
        gone.set()


def _fetch(chunks: Iterable[bytes], ahead: Queue[bytes | Exception | None], gone: threading.Event) -> None:
    def hand_over(chunk: bytes | Exception | None) -> None:
        while not gone.is_set():
            with contextlib.suppress(Full):
                ahead.put(chunk, timeout=1)
                return

    try:
        for chunk in chunks:
            hand_over(chunk)
            if gone.is_set():
                return
        hand_over(None)
    except Exception as error:  # noqa: BLE001 - it is raised again, in the thread that reads
        hand_over(error)


@contextlib.contextmanager
def connected(endpoint: Endpoint, deadline: Deadline, where: str) -> Iterator[socket.socket]:
    """Connect over TCP, and forget at the deadline what the other side has not yet taken in.

    Raises:
        DidNothing: the time was up before it began.
        Unreachable: no connection; nothing was sent.
    """
    address = _resolved(endpoint, deadline, where)
    try:
        line = socket.create_connection(
            (address, endpoint.port), timeout=deadline.at_most(CONNECT).left or 0.001
        )
    except OSError as error:
        raise unreachable(where, error) from error
    with line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Otherwise the kernel keeps sending what it holds for a quarter of an hour after we have gone (tcp(7)).
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, int(deadline.left * 1000)))
        yield line


def _resolved(endpoint: Endpoint, deadline: Deadline, where: str) -> str:
    # A resolver that hangs takes half a minute to say so (resolv.conf(5)), and knows of no limit of ours.
    in_time(deadline, where)
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(endpoint.address))
    look_up = functools.partial(socket.getaddrinfo, endpoint.address, endpoint.port, type=socket.SOCK_STREAM)
    try:
        found = within(deadline, look_up, where=where, changes=False)
    except OSError as error:
        raise unreachable(where, "its name leads nowhere") from error
    return str(found[0][4][0])


def on_this_machine(url: str) -> bool:
    """Tell whether `url` is of this machine, which no proxy from the environment may come in between."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
