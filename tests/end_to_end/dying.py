"""`seawall`, with a power cut planned: it kills itself at a certain line of its journal.

Run as `python -m tests.end_to_end.dying MOMENT KIND STEP WORDS...`. MOMENT is `before`, with all that was done until
then and the line not written, or how many milliseconds after the line has reached the disk: 0 is before anything else
is done. STEP is empty for a line that is of no step. With `sends-SCRIPT` it is when that script of PostgreSQL's
connector is about to be sent to a host, after the line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from connectors.postgres.host import HostSide
from console.terminal.main import main
from seawall.journal import Event
from seawall.journal_file import FileJournal
from seawall.targets import Server

BEFORE, SENDS = "before", "sends-"
_append = FileJournal.append


def die(after: float = 0) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def die_when_sending(script: str) -> None:
    send = HostSide.run

    def run(side: HostSide, server: Server, parts: Sequence[str], *args: Any, **values: Any) -> Any:
        if script in parts:
            die()
        return send(side, server, parts, *args, **values)

    setattr(HostSide, "run", run)  # noqa: B010 - as below


def cut_the_power(moment: str, kind: str, step: str) -> None:
    """Do it at the write that holds the line."""

    def append(journal: FileJournal, events: Sequence[Event]) -> None:
        holds_it = any(one.kind == kind and getattr(one, "step", "") == step for one in events)
        if holds_it and moment == BEFORE:
            die()
        _append(journal, events)
        if holds_it and moment.startswith(SENDS):
            die_when_sending(moment.removeprefix(SENDS))
        elif holds_it and moment == "0":
            die()
        elif holds_it:
            threading.Thread(target=die, args=[int(moment) / 1000], daemon=True).start()

    setattr(FileJournal, "append", append)  # noqa: B010 - what mypy is right to refuse elsewhere


if __name__ == "__main__":
    cut_the_power(*sys.argv[1:4])
    sys.argv[1:4] = []
    main()
