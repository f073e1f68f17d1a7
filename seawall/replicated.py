"""A journal with copies at the three places: on the disk here as always, and a change's beginning at a majority too.

What changes nothing, and every ending, goes out beside the run. A `Started` of a step that changes waits: the lines
go to all places while the disk writes them, and the call is made when two have them. When two cannot be reached, the
run says so once and goes on for as long as its term lasts; whoever takes it up from copies alone then looks at what
could have begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from seawall.copies import OPENED, Copies
from seawall.journal import Event, Failed, NotNeeded, NotReplicated, Started, Succeeded
from seawall.journal_file import FileJournal
from seawall.plan import Plan
from seawall.terms import Term

KEPT_WITHIN = timedelta(seconds=2)
"""How long the beginning of a change waits for two places; each has its own limit, so that it is seldom as long."""
WHILE_SILENT = timedelta(milliseconds=200)
"""How long it waits once the run has said that it is not replicated."""
AT_THE_END = timedelta(seconds=2)


class ReplicatedJournal:
    """See `seawall.journal.Journal`, for the driver that has the `term`."""

    def __init__(
        self,
        file: FileJournal,
        copies: Copies,
        plan: Plan,
        term: Term,
        clock: Callable[[], datetime],
    ) -> None:
        self._file, self._copies, self._term, self._clock = file, copies, term, clock
        self._changes = {step.id for step in plan.steps if step.changes}
        self._under_way: set[str] = set()
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
        self._term.check()
        self._at_once = any(
            isinstance(one, Started) and (one.undoing or one.step in self._changes) for one in events
        )
        self._file.append(events)
        self._follow(events)
        if self._at_once:
            within = WHILE_SILENT if self._said else KEPT_WITHIN
            kept = self._copies.are_kept(self._file.count, within)
            self._term.check()
            if not kept and self._said is None:
                self._said = NotReplicated(at=self._clock(), silent=self._copies.silent)
                self._remarks.append(self._said)

    def events(self) -> Iterable[Event]:
        """Return every event so far, oldest first."""
        return self._file.events()

    def is_known(self, within: timedelta) -> bool:
        """Tell whether two places hold the plan and how the run was opened; wait for that, if need be, so long."""
        return self._copies.are_kept(OPENED, within)

    def take(self) -> Sequence[NotReplicated]:
        """Return what is to be recorded about the copies themselves, as an inbox does."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def close(self) -> None:
        """Let the last lines go out, for a short while. The file is closed by who opened it."""
        self._file.written = None
        self._copies.close(AT_THE_END)

    def _follow(self, events: Sequence[Event]) -> None:
        """Know whether a change is under way, which the term must outlast."""
        were = bool(self._under_way)
        for one in events:
            match one:
                case Started() if one.undoing or one.step in self._changes:
                    self._under_way.add(one.step)
                case Succeeded() | NotNeeded() | Failed():
                    self._under_way.discard(one.step)
        if were and not self._under_way:
            self._term.nothing_is_under_way()

    def _copy(self, first: int, lines: bytes) -> None:
        self._copies.add(first, lines, at_once=self._at_once)
