"""Bringing a run's journal here and its copies at the places to the same line, before it is driven.

Lines that were written here and are not at the places are sent again. Lines that the places know and this machine
does not are fetched and written down here, their chain checked. The rounds of the drivers before are made void after
the last line, so that none of them can add one any more. Two journals that part are never joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from seawall.copies import NOTHING_BEGUN, journal_row, lines_key, plan_key
from seawall.errors import JournalError, Tampered
from seawall.places import Place, Places
from seawall.slots import VOID, Unclear
from seawall.terms import too_few

T = TypeVar("T")

PATIENCE = timedelta(seconds=10)
"""How long one place may take over the list of a long journal's lines."""


class NothingBegun(JournalError):
    """The run was given up before it could change anything: the places did not know how it was opened."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a run's journal, here and at the places.

    Attributes:
        lines: every line from the first on, each with its end.
        here: how many of them stand on this machine's disk.
        copied: how many are at a majority of the places; the rest is to be sent again.
    """

    lines: tuple[bytes, ...]
    here: int
    copied: int

    @property
    def is_given_up(self) -> bool:
        """Whether the places say that it has changed nothing, and never will."""
        return self.lines == (NOTHING_BEGUN,)


def catch_up(places: Places, run: str, here: bytes, *, void: Sequence[int] = ()) -> Known:
    """Read what the places know of the journal of `run` beyond what stands `here`.

    Args:
        places: the places.
        run: its name.
        here: the journal on this machine; empty when there is none.
        void: rounds to make void after the last line, so that their drivers can add none.

    Raises:
        PlaceSilent: too few places answer.
        NothingBegun: it stands here, and was given up elsewhere.
        Tampered: the places hold other lines than this machine does.
    """
    own = here.splitlines(keepends=True)
    reading = _Reading(places, run, tuple(void))
    starts = sorted((first for first in reading.starts if first <= len(own) + 1), reverse=True)
    for first in [*(one for one in starts if one > 1), 1]:
        lines = reading.lines_at(first)
        # A driver that was made to stop may have left lines that nothing leads to; what leads to these is before them.
        if first == 1 or (lines is not None and _agree(own, first, lines.lines)):
            return _joined(reading, own, first, run)
    raise AssertionError  # the first line is always tried


def read_plan(places: Places, run: str, digest: str) -> bytes | None:
    """Return the plan that a run's first line names, as the places know it: the right one, where any has it.

    Raises: PlaceSilent: too few answer.
    """
    found = _majority(places, run, lambda place: place.get(plan_key(digest), places.within))
    stands = [one for one in found if one is not None]
    return next(
        (one for one in stands if hashlib.sha256(one).hexdigest() == digest), next(iter(stands), None)
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    lines: tuple[bytes, ...]
    kept: bool


class _Reading:
    """One look at all copied lines of a run."""

    def __init__(self, places: Places, run: str, void: tuple[int, ...]) -> None:
        self._places, self._run, self._void = places, run, void
        self.starts: Mapping[int, set[int]] = self._listed()

    def lines_at(self, first: int) -> _Lines | None:
        """Return the lines that begin at `first`; None when there are none, and none can come any more."""
        known = sorted(self.starts.get(first, set()) | set(self._void), reverse=True)
        return self._highest(first, known, self._get) or self._highest(first, self._void, self._make_void)

    def _highest(
        self, first: int, rounds: Sequence[int], look: Callable[[Place, str], bytes | None]
    ) -> _Lines | None:
        keys = [lines_key(self._run, first, one) for one in sorted(rounds, reverse=True)]
        if not keys:
            return None

        def look_at_all(place: Place) -> list[bytes | None]:
            return [look(place, key) for key in keys]

        seen = _majority(self._places, self._run, look_at_all)
        if any(map(_is_split, zip(*seen, strict=True))):
            seen = _majority(self._places, self._run, look_at_all, wanted=len(self._places.names))
        for stands in zip(*seen, strict=True):
            if stands.count(VOID) >= self._places.majority:
                continue  # what else stands there was never decided, and cannot be any more
            found = [one for one in stands if one is not None and one != VOID]
            if found:
                kept = found.count(found[0]) >= self._places.majority
                return _Lines(tuple(found[0].splitlines(keepends=True)), kept)
        return None

    def _get(self, place: Place, key: str) -> bytes | None:
        return place.get(key, self._places.within)

    def _make_void(self, place: Place, key: str) -> bytes | None:
        """Return what stands there then: void, also when somebody else had made it so."""
        return place.put_if_absent(key, VOID, self._places.within) or VOID

    def _listed(self) -> Mapping[int, set[int]]:
        prefix = f"{journal_row(self._run)}/"
        found: dict[int, set[int]] = {}
        for names in _majority(
            self._places, self._run, lambda place: place.names(prefix, PATIENCE), PATIENCE
        ):
            for name in names:
                at, _, round_ = name.removeprefix(prefix).partition("/")
                with suppress(ValueError):
                    found.setdefault(int(at), set()).add(int(round_))
        return found


def _joined(reading: _Reading, own: list[bytes], first: int, run: str) -> Known:
    """Follow the copies from `first` on, which agrees with what is here, to their end."""
    lines, copied = own[: first - 1], first - 1
    here = len(own)
    while (found := reading.lines_at(len(lines) + 1)) is not None:
        if not _agree(own, len(lines) + 1, found.lines):
            raise _given_up(run) if found.lines == (NOTHING_BEGUN,) else parted(run, len(lines) + 1)
        if found.kept and copied == len(lines):
            copied += len(found.lines)
        lines += found.lines
    return Known((*lines, *own[len(lines) :]), here, copied)


def _agree(own: list[bytes], first: int, lines: Sequence[bytes]) -> bool:
    both = max(0, min(len(own) - first + 1, len(lines)))
    return own[first - 1 : first - 1 + both] == list(lines[:both])


def _is_split(seen: Sequence[bytes | None]) -> bool:
    """Tell whether a round was made void at one place and has lines at another, so that the third decides."""
    return VOID in seen and any(one not in {None, VOID} for one in seen)


def _majority(
    places: Places,
    run: str,
    call: Callable[[Place], T],
    patience: timedelta | None = None,
    *,
    wanted: int | None = None,
) -> list[T]:
    """Ask side by side until a majority of the configured places, or all `wanted`, have answered.

    Raises: PlaceSilent: too few did.
    """
    said: list[T] = []
    silent: list[str] = []
    for answer in places.ask(call, patience=patience):
        if answer.silent is not None:
            silent.append(answer.place)
            continue
        said.append(answer.said)  # type: ignore[arg-type]  # None is an answer too, where T allows it
        if len(said) >= (wanted or places.majority):
            return said
    raise too_few(Unclear(tuple(silent)), f"run {run}")


def _given_up(run: str) -> NothingBegun:
    remedy = "It is over. If it is wanted still: plan it again"
    problem = "another machine has given it up before it began: the places did not know how it was opened"
    return NothingBegun(problem, where=f"run {run}", remedy=remedy)


def parted(run: str, line: int) -> Tampered:
    """Make the error for a journal here and copies there that part at a line."""
    remedy = (
        f"Another machine has driven it on from there: see `seawall recover {run}`. To go on from here, move this "
        "folder away, keep it as evidence, and recover the run"
    )
    return Tampered(f"line {line} is another one at the places than here", where=f"run {run}", remedy=remedy)
