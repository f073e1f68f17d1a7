"""`seawall`, with a power cut planned: it kills itself when a certain line has just reached its journal's disk.

Run as `python -m tests.end_to_end.dying KIND STEP MILLISECONDS WORDS...`: 0 ms is before anything else is done.
Or by the line's number, `python -m tests.end_to_end.dying before|after line NUMBER WORDS...`: right before it would be
written, with all that was done until then, or right after.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from console.terminal.main import main
from seawall.journal import Event
from seawall.journal_file import FileJournal

_append = FileJournal.append


def die(after: float = 0) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def cut_the_power(kind: str, step: str, milliseconds: int) -> None:
    """Do it so long after the line."""

    def append(journal: FileJournal, events: Sequence[Event]) -> None:
        _append(journal, events)
        if any(one.kind == kind and getattr(one, "step", "") == step for one in events):
            if milliseconds:
                threading.Thread(target=die, args=[milliseconds / 1000], daemon=True).start()
            else:
                die()

    setattr(FileJournal, "append", append)  # noqa: B010 - what mypy is right to refuse elsewhere


def cut_at_line(number: int, moment: str) -> None:
    """Do it right before, or right after, the write that holds this line."""
    written = 0

    def append(journal: FileJournal, events: Sequence[Event]) -> None:
        nonlocal written
        holds_it = written < number <= written + len(events)
        if holds_it and moment == "before":
            die()
        _append(journal, events)
        written += len(events)
        if holds_it:
            die()

    setattr(FileJournal, "append", append)  # noqa: B010 - what mypy is right to refuse elsewhere


if __name__ == "__main__":
    kind, step, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if step == "line":
        cut_at_line(number, kind)
    else:
        cut_the_power(kind, step, number)
    sys.argv[1:4] = []
    main()
