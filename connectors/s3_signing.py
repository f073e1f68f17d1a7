"""How a request to S3 is signed: AWS Signature Version 4 in a header, with the standard library and nothing else.

One signer for whoever speaks to a store without its vendor's library: the places of a run (`s3_lines`), and the guard
(`guard.store`), which begins beside a database where there may be no package at all.

Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single
Chunk" and "Examples: Signature Calculations" (read 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_PLAIN = "-_.~"
_ALGORITHM, _SERVICE, _CLOSING = "AWS4-HMAC-SHA256", "s3", "aws4_request"


@dataclass(frozen=True, slots=True)
class Keys:
    """With what a request is signed, and for which region. Shows no secret."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, before it is signed.

    Attributes:
        host: as it is sent, with its port where the address has one.
        path: not quoted yet, and with the slash it begins with.
        query: not quoted yet.
        headers: signed as well; whatever else is sent beside them is not.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def host_of(url: str) -> str:
    """Return what a store at `url` is called in a request: no name and no password that the address may have."""
    return urlsplit(url).netloc.rpartition("@")[2]


def path_of(bucket: str, key: str = "") -> str:
    """Return the path of an object, or of the bucket itself. Stores of one's own have no host for each bucket."""
    return f"/{bucket}/{key}" if key else f"/{bucket}"


def signed(asked: Asked, keys: Keys, now: datetime) -> tuple[str, dict[str, str]]:
    """Return the path with its query, as it is to be sent, and every header, with the signature among them.

    Args:
        asked: the request.
        keys: see there.
        now: in UTC. Stores refuse what is a quarter of an hour off.
    """
    path = quote(asked.path, safe=f"{_PLAIN}/")
    # Sorted as they are sent, and not as they read: quoting changes the order of some.
    query = "&".join(
        "=".join(pair) for pair in sorted((_quoted(k), _quoted(v)) for k, v in asked.query.items())
    )
    digest, stamp = hashlib.sha256(asked.body).hexdigest(), f"{now:%Y%m%dT%H%M%SZ}"
    headers = {name.lower(): " ".join(value.split()) for name, value in asked.headers.items()}
    headers |= {"host": asked.host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"{asked.method}\n{path}\n{query}\n{listed}\n{names}\n{digest}"
    scope = (f"{now:%Y%m%d}", keys.region, _SERVICE, _CLOSING)
    scoped = "/".join(scope)
    text = f"{_ALGORITHM}\n{stamp}\n{scoped}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = f"AWS4{keys.secret_key}".encode()
    for part in (*scope, text):
        signature = hmac.digest(signature, part.encode(), "sha256")
    credential = f"Credential={keys.access_key}/{scoped}"
    headers["authorization"] = (
        f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature.hex()}"
    )
    return f"{path}?{query}" if query else path, headers


def once(content: bytes) -> dict[str, str]:
    """Return the headers of a put that stores the whole of `content`, and only where nothing stands yet.

    With the digest no store takes a put that broke off for a whole one. Measured 2026-11: without it SeaweedFS 4.48
    keeps an empty object when a writer is killed between the head of its request and the body.

    Source: Amazon S3 API Reference, PutObject, "Content-MD5" and "If-None-Match" (read 2026-11).
    """
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"If-None-Match": "*", "Content-MD5": b64encode(digest).decode()}


def _quoted(text: str) -> str:
    return quote(text, safe=_PLAIN)
