"""The chain over a journal's lines, which shows when one of them was changed.

Each line carries a salted digest of its event and the hash of the line before it. The chain runs over the digests, so
that an event may be erased when its time is up and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from seawall.errors import Tampered
from seawall.model import Frozen
from seawall.plan import canonical

FIRST = "0" * 64
"""What stands where the first line would name the line before it."""


class Line(Frozen):
    """One line of a journal. An erased line keeps its digest and loses its salt and event."""

    n: int
    prev: str
    digest: str
    salt: str | None
    event: dict[str, Any] | None

    @property
    def hash(self) -> str:
        """What the next line calls `prev`."""
        return hashlib.sha256(f"{self.n}:{self.prev}:{self.digest}".encode()).hexdigest()


def line_for(event: Frozen, *, n: int, prev: str) -> Line:
    """Make the line that records `event` after the line whose hash is `prev`."""
    payload = event.model_dump(mode="json")
    salt = secrets.token_hex(16)
    try:
        digest = _digest(salt, payload)
    except ValueError:
        # What the outside said (half a UTF-16 pair, say) must not cost the record of a change that was made.
        payload = _writable(payload)
        digest = _digest(salt, payload)
    return Line(n=n, prev=prev, digest=digest, salt=salt, event=payload)


def read_lines(content: bytes, where: str) -> tuple[tuple[Line, ...], int]:
    """Read a journal's bytes and check its chain.

    Returns:
        The lines, and how many bytes of `content` they take: a torn last line (the power went while it was written) is
        left out, and is no tampering.

    Raises:
        Tampered: a whole line is not one, or does not fit the chain; says which.
    """
    lines: list[Line] = []
    prev, whole = FIRST, 0
    for raw in _whole_lines(content):
        number = len(lines) + 1
        try:
            line = Line.model_validate_json(raw)
        except ValidationError as error:
            raise _tampered(where, number, "is not a journal line") from error
        if line.model_dump_json().encode() != raw:
            raise _tampered(where, number, "is not written as Seawall writes it")
        if line.n != number or line.prev != prev:
            raise _tampered(where, number, "does not follow the line before it")
        if line.event is not None and line.digest != _digest(line.salt or "", line.event):
            raise _tampered(where, number, "was changed after it was written")
        lines.append(line)
        prev, whole = line.hash, whole + len(raw) + 1
    return tuple(lines), whole


def _whole_lines(content: bytes) -> Iterator[bytes]:
    parts = content.split(b"\n")
    return iter(parts[:-1])


def _digest(salt: str, payload: dict[str, Any]) -> str:
    return hashlib.sha256(salt.encode() + canonical(payload)).hexdigest()


def _writable(value: Any) -> Any:
    """Return `value` with what UTF-8 cannot carry escaped."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {key: _writable(one) for key, one in value.items()}
        case list():
            return [_writable(one) for one in value]
    return value


def _tampered(where: str, number: int, problem: str) -> Tampered:
    remedy = "Do not resume from it; compare it with a copy, and keep both as evidence"
    return Tampered(f"line {number} {problem}", where=where, remedy=remedy)
