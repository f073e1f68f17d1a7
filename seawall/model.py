"""The values everything else is made of: frozen, validated on the way in, printable both ways.

A duration is written `15m` or `1h30m`, a size `16 MB`, a text `{en: ..., da: ...}`; each reads back what it writes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

Language = Literal["en", "da"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""What a person calls a thing in a file: lower case, digits and hyphens."""

StepId = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*([/@][a-z0-9][a-z0-9.-]*)*$", max_length=200)
]
"""A step in a plan: `fence`, or `tell/by-mail` inside another runbook, or `tell@coordinators` for one of many."""

SecretRef = Annotated[
    str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+|vault:.+#.+)$")
]
"""Where a secret is kept, never the secret: `env:NAME`, `file:/path`, `keyring:service/name`, `vault:path#key`."""


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        message = f"{text!r} is no time zone such as Europe/Copenhagen"
        raise ValueError(message) from error
    return text


TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""A zone of the IANA database, e.g. Europe/Copenhagen."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*(B|[kK]B|MB|GB|TB)$")


def duration(text: object) -> timedelta:
    """Read `15m`, `1h30m`, `250ms` (or a timedelta) as a duration.

    Raises:
        ValueError: it is not one; a bare number has no unit and is refused.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or _DURATION.sub("", text).strip():
        message = f"{text!r} is not a duration such as 30s, 15m or 1h30m"
        raise ValueError(message)
    try:
        return timedelta(
            seconds=sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
        )
    except OverflowError as error:
        message = f"{text[:20]!r} is longer than any duration here"
        raise ValueError(message) from error


def duration_text(span: timedelta) -> str:
    """Write a duration the way `duration` reads it."""
    left = round(span.total_seconds() * 1000)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def size(text: object) -> int:
    """Read `16 MB` (or a whole number of bytes) as bytes; units are powers of 1,000.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = _SIZE.match(text) if isinstance(text, str) else None
    if match is None:
        message = f"{text!r} is not a size such as 512 kB or 16 MB"
        raise ValueError(message)
    try:
        return round(float(match[1]) * _SIZES[match[2]])
    except OverflowError as error:
        message = f"{match[0][:20]!r} is larger than any size here"
        raise ValueError(message) from error


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(duration_text, return_type=str)]
Bytes = Annotated[int, BeforeValidator(size)]


class Frozen(BaseModel):
    """Base of everything that is written to disk or crosses a process."""

    # Built when it is first used, under pydantic's own lock: a command uses a quarter of the models that it imports.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_timedelta="float",
        validate_default=False,
        defer_build=True,
    )


class Text(Frozen):
    """Words a person reads, in English and Danish. A plain string in a file is the English."""

    en: str
    da: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"en": value} if isinstance(value, str) else value

    def in_(self, language: Language) -> str:
        """Return the words in `language`, in English where there are none."""
        return (self.da or self.en) if language == "da" else self.en

    def __str__(self) -> str:
        return self.en
