"""Positions in the write-ahead log, as PostgreSQL writes them: `16/B374D848` is 0x16B374D848 bytes."""

from __future__ import annotations


def bytes_at(lsn: str) -> int:
    """Return how many bytes of log lie before `lsn`."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_at(count: int) -> str:
    """Write a position the way PostgreSQL does."""
    return f"{count >> 32:X}/{count & 0xFFFFFFFF:X}"
