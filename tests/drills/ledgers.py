"""Ledgers made up for tests: instants are seconds after noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drills.ledger import Tried

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REQUEST = timedelta(milliseconds=2)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def accepted(seq: int, ended: float, *, writer: int = 0, site: str | None = None) -> Tried:
    return Tried(writer, seq, at(ended) - REQUEST, at(ended), site=site)


def refused(seq: int, ended: float, *, writer: int = 0) -> Tried:
    return Tried(writer, seq, at(ended) - REQUEST, at(ended), refused="HTTP 503")
