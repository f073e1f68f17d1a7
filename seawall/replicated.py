"""A journal with copies at the three places: on the disk here as always, and a change's beginning at a majority too.

What changes nothing, and every ending, goes out beside the run. A `Started` of a step that changes waits: the lines
go to all places while the disk writes them, and the call is made when two have them. When two cannot be reached, the
run says so once and goes on for as long as its term lasts; whoever takes it up from copies alone then looks at what
could have begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from seawall.copies import Copies
from seawall.journal import Event, NotReplicated, Started
from seawall.journal_file import FileJournal
from seawall.plan import Plan

KEPT_WITHIN = timedelta(seconds=2)
"""How long the beginning of a change waits for two places; each has its own limit, so that it is seldom as long."""
WHILE_SILENT = timedelta(milliseconds=200)
"""How long it waits once the run has said that it is not replicated."""
AT_THE_END = timedelta(seconds=2)


class ReplicatedJournal:
    """See `seawall.journal.Journal`. `check` raises when another drives the run."""

    def __init__(
        self,
        file: FileJournal,
        copies: Copies,
        plan: Plan,
        check: Callable[[], object],
        clock: Callable[[], datetime],
    ) -> None:
        self._file, self._copies, self._check, self._clock = file, copies, check, clock
        self._changes = {step.id for step in plan.steps if step.changes}
        self._said: NotReplicated | None = None
        self._remarks: list[NotReplicated] = []
        file.written = self._copy
        self._at_once = False

    def append(self, events: Sequence[Event]) -> None:
        """Record the events here, and the beginning of a change at a majority of the places. See `Journal`.

        Raises:
            TermLost: another drives the run; the change must not be made.
        """
        if not events:
            return
        self._check()
        self._at_once = any(
            isinstance(one, Started) and (one.undoing or one.step in self._changes) for one in events
        )
        self._file.append(events)
        if self._at_once:
            within = WHILE_SILENT if self._said else KEPT_WITHIN
            kept = self._copies.are_kept(self._file.count, within)
            self._check()
            if not kept and self._said is None:
                self._said = NotReplicated(at=self._clock(), silent=self._copies.silent)
                self._remarks.append(self._said)

    def events(self) -> Iterable[Event]:
        """Return every event so far, oldest first."""
        return self._file.events()

    def take(self) -> Sequence[NotReplicated]:
        """Return what is to be recorded about the copies themselves, as an inbox does."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def close(self) -> None:
        """Let the last lines go out, for a short while. The file is closed by who opened it."""
        self._file.written = None
        self._copies.close(AT_THE_END)

    def _copy(self, first: int, lines: bytes) -> None:
        self._copies.add(first, lines, at_once=self._at_once)
