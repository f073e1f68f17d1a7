"""Chance that can be told again: each question has a stream of its own, so that a fault left out moves no other one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")
_MASK = (1 << 64) - 1
_SHARE = 2.0**-53


class Dice:
    """Every throw is a function of the seed, of what it is for, and of how often that was thrown before."""

    def __init__(self, seed: int) -> None:
        self._seed = (seed & _MASK) * 0x9E3779B97F4A7C15
        self._next: dict[str, int] = {}

    def throw(self, what: str) -> float:
        """Return a number from 0 up to 1, the next of the stream `what`."""
        n = self._next.get(what)
        if n is None:
            n = self._seed + (crc32(what.encode()) << 20)
        self._next[what] = n + 1
        # splitmix64 (Steele, Lea and Flood 2014): a few multiplications, where random.Random takes 5 us to be seeded.
        mixed = n & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) * _SHARE

    def between(self, low: float, high: float, what: str) -> float:
        """Return a number between two."""
        return low + (high - low) * self.throw(what)

    def whole(self, low: int, high: int, what: str) -> int:
        """Return a whole number from `low` to `high`, both of them possible."""
        return low + int(self.throw(what) * (high - low + 1))

    def chance(self, of_one: float, what: str) -> bool:
        """Tell whether something happens that does so in `of_one` of all cases."""
        return self.throw(what) < of_one

    def one_of(self, those: Sequence[T], what: str) -> T:
        """Choose."""
        return those[int(self.throw(what) * len(those))]
