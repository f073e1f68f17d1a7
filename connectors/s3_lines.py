"""S3 over connections that stay open, a request at a time: what a place needs, at a fifth of the processor's time.

boto3 takes 0.25 s to load, 0.1 s to make a client, and 1.2 ms of the processor a request, all of which a failover pays
right when it begins. Whoever needs more of S3 than getting, putting, listing and removing small objects uses `s3`.

What is sent is signed by `s3_signing`.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from connectors.limit import on_this_machine
from connectors.s3_signing import Asked, Keys, host_of, path_of, signed
from seawall.targets import Store

CONNECTS_WITHIN = 1.5
"""Seconds: a lost SYN is sent again after 1 s (RFC 6298)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a store answered."""

    status: int
    body: bytes


class NoReply(Exception):
    """No whole answer came; `late` when that was because of the limit."""

    def __init__(self, why: str, *, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class S3Lines:
    """A store's connections, kept open between requests. May be used by several threads at once."""

    def __init__(self, store: Store, access_key: str, secret_key: str) -> None:
        self._store, self._keys = store, Keys(access_key, secret_key, store.region)
        self._url = urlsplit(store.url)
        self._idle: list[HTTPConnection] = []
        self._closed = False
        self._turn = threading.Lock()

    def ask(
        self,
        method: str,
        key: str,
        seconds: float,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one request and wait for its answer. A connection that was closed meanwhile is replaced by a new one.

        Raises:
            NoReply: there was no connection, or no whole answer, within the seconds of each.
        """
        path = path_of(self._store.bucket, key)
        asked = Asked(method, host_of(self._store.url), path, query or {}, headers or {}, body)
        request = _Request(method, *signed(asked, self._keys, datetime.now(UTC)), body, seconds)
        kept = self._kept()
        if kept is not None:
            try:
                return self._exchange(kept, request)
            except NoReply as error:
                # The store may have closed it while it rested. A put may have arrived; whoever asked looks.
                if method == "PUT" or error.late:
                    raise
        return self._exchange(self._new(seconds), request)

    def close(self) -> None:
        """Close every connection: those that rest now, and those in use when their answer has come."""
        with self._turn:
            idle, self._idle, self._closed = self._idle, [], True
        for line in idle:
            line.close()

    def __del__(self) -> None:
        """Close what rests when nobody did: a look that outlives its asker ends here."""
        self.close()

    def _exchange(self, line: HTTPConnection, request: _Request) -> Reply:
        try:
            assert line.sock is not None
            line.sock.settimeout(request.seconds)
            line.request(
                request.method, request.path, body=request.body or None, headers=dict(request.headers)
            )
            with line.getresponse() as answer:
                reply, stays = Reply(answer.status, answer.read()), not answer.will_close
        except TimeoutError as error:
            line.close()
            message = "no answer came within the limit"
            raise NoReply(message, late=True) from error
        except (OSError, HTTPException) as error:
            line.close()
            message = "the connection broke off"
            raise NoReply(message) from error
        with self._turn:
            stays = stays and not self._closed
            if stays:
                self._idle.append(line)
        if not stays:
            line.close()
        return reply

    def _kept(self) -> HTTPConnection | None:
        with self._turn:
            return self._idle.pop() if self._idle else None

    def _new(self, seconds: float) -> HTTPConnection:
        line = self._unconnected(min(seconds, CONNECTS_WITHIN))
        try:
            line.connect()
        except OSError as error:
            line.close()
            untrusted = isinstance(error, ssl.SSLError)
            why = "its certificate is not trusted" if untrusted else "nobody answers at its address"
            raise NoReply(why) from error
        return line

    def _unconnected(self, seconds: float) -> HTTPConnection:
        host, port, scheme = self._url.hostname or "", self._url.port, self._url.scheme
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        direct = on_this_machine(self._store.url) or proxy_bypass(host)
        proxy = None if direct else getproxies().get(scheme)
        if not proxy:
            return kind(host, port, timeout=seconds)
        through = urlsplit(proxy)
        line = kind(through.hostname or "", through.port, timeout=seconds)
        line.set_tunnel(host, port)
        return line
