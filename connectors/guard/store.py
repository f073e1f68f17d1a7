"""A place in an S3 bucket, spoken to with nothing but the standard library: no vendor's library beside the database.

The same wire as `connectors.places`, the same signer and the same contract. Each request is signed for itself and
sent once.
"""

from __future__ import annotations

import html
import http.client
import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from connectors.s3_signing import Asked, Keys, host_of, once, path_of, signed
from seawall.places import silent
from seawall.slots import VOID

TRIES = 2
"""How often the same bytes are put when it was seen that nothing stands there."""
MOST = 1 << 20
"""Bytes of an answer; a word has 200, a listing of a row some thousands."""
_KEYS = re.compile(rb"<Key>(.*?)</Key>")
_TOKEN = re.compile(rb"<NextContinuationToken>(.*?)</NextContinuationToken>")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a place is kept, and with which keys."""

    url: str
    bucket: str
    region: str
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        """Show no key."""
        return f"Bucket({self.url}, {self.bucket})"


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, before it is signed. Without a key it is about the bucket."""

    method: str
    key: str = ""
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class BucketPlace:
    """One place. See `seawall.places.Place`."""

    def __init__(self, name: str, bucket: Bucket) -> None:
        self._name, self._bucket = name, bucket
        self._idle: list[http.client.HTTPConnection] = []
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """What the inventory calls it."""
        return self._name

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """See `Place`. After a lost answer it is read back, and put once more if it is not there."""
        end = time.monotonic() + within.total_seconds()
        for _ in range(TRIES):
            status = self._try(end, _Request("PUT", key, content, headers=once(content)))
            if status is not None and status[0] in (HTTPStatus.OK, HTTPStatus.CREATED):
                return None
            if status is not None and status[0] != HTTPStatus.PRECONDITION_FAILED:
                raise silent(self._name, f"its store refused with {status[0]}")
            stands = self._get(end, key)
            if stands is not None:
                return None if stands == content else stands
        raise silent(self._name, "it did not say whether it stored what it was sent")

    def get(self, key: str, within: timedelta) -> bytes | None:
        """See `Place`."""
        return self._get(time.monotonic() + within.total_seconds(), key)

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """See `Place`."""
        end, found, query = time.monotonic() + within.total_seconds(), list[str](), dict[str, str]()
        while True:
            answer = self._sure(end, _Request("GET", query={"list-type": "2", "prefix": prefix} | query))
            found += (html.unescape(one.decode()) for one in _KEYS.findall(answer))
            more = _TOKEN.search(answer)
            if more is None:
                return tuple(sorted(found))
            query = {"continuation-token": html.unescape(more[1].decode())}

    def remove(self, key: str, within: timedelta) -> None:
        """See `Place`."""
        self._sure(time.monotonic() + within.total_seconds(), _Request("DELETE", key))

    def close(self) -> None:
        """Let go of its connections."""
        with self._turn:
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()

    def _get(self, end: float, key: str) -> bytes | None:
        answer = self._try(end, _Request("GET", key))
        if answer is None:
            raise silent(self._name, "no answer came within the limit")
        status, body = answer
        if status == HTTPStatus.NOT_FOUND and b"NoSuchKey" in body:
            return None
        if status != HTTPStatus.OK:
            raise silent(self._name, f"its store refused with {status}")
        return body or VOID

    def _sure(self, end: float, request: _Request) -> bytes:
        answer = self._try(end, request)
        if answer is None:
            raise silent(self._name, "no answer came within the limit")
        if answer[0] not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise silent(self._name, f"its store refused with {answer[0]}")
        return answer[1]

    def _try(self, end: float, request: _Request) -> tuple[int, bytes] | None:
        """Ask once; None when no answer came. A connection that had been idle may be gone: a new one is tried."""
        while (left := end - time.monotonic()) > 0:
            line, fresh = self._line(left)
            try:
                path, headers = _signed(self._bucket, request)
                line.request(request.method, path, body=request.body or None, headers=headers)
                answer = line.getresponse()
                said = answer.status, answer.read(MOST)
            except (OSError, http.client.HTTPException):
                line.close()
                if fresh or request.method == "PUT":
                    return None
                continue
            with self._turn:
                self._idle.append(line)
            return said
        return None

    def _line(self, left: float) -> tuple[http.client.HTTPConnection, bool]:
        with self._turn:
            line = self._idle.pop() if self._idle else None
        if line is not None and line.sock is not None:
            line.sock.settimeout(left)
            return line, False
        at = urlsplit(self._bucket.url)
        if at.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                at.hostname or "", at.port, timeout=left, context=context
            ), True
        return http.client.HTTPConnection(at.hostname or "", at.port, timeout=left), True


def _signed(bucket: Bucket, request: _Request) -> tuple[str, dict[str, str]]:
    path, keys = (
        path_of(bucket.bucket, request.key),
        Keys(bucket.access_key, bucket.secret_key, bucket.region),
    )
    asked = Asked(request.method, host_of(bucket.url), path, request.query, request.headers, request.body)
    return signed(asked, keys, datetime.now(UTC))
