"""Carry out the run in a folder with whatever hands are given: the same for a terminal, a Prefect flow and a go-bag.

Holds the run's claims and its journal while it drives; both are let go by the kernel when the process dies.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from seawall.claims import claim
from seawall.decide import Ask, Finish
from seawall.drive import Hands, Watch, drive, unwatched
from seawall.errors import Busy, JournalError
from seawall.inbox import FileInbox
from seawall.journal import Ended, Event, Opened, Outcome
from seawall.run_folder import RunFolder
from seawall.state import State

if TYPE_CHECKING:
    from seawall.page.keeping import Pages


def carry_out(
    run: RunFolder,
    hands: Hands,
    clock: Callable[[], datetime],
    *,
    watch: Watch = unwatched,
    pages: Pages | None = None,
    by: str,
) -> Finish | Ask:
    """Carry the run on from wherever its journal says it is. `pages` tells the city about it meanwhile.

    Raises:
        Busy: another process carries it out, or another run holds what it wants.
        JournalError: its journal cannot be used; Tampered when it was changed.
    """
    plan = run.plan
    with claim(run.runs, plan.claims, run.id, by), run.journal(by) as journal:
        inbox = FileInbox(run)
        if pages is None:
            return drive(plan, journal, hands, clock, inbox=inbox, watch=watch, by=by)
        with pages.following(run, tuple(journal.events()), clock) as page:

            def watch_and_tell(event: Event, state: State) -> None:
                page.saw(event)
                watch(event, state)

            return drive(
                plan, journal, hands, clock, inbox=inbox, watch=watch_and_tell, page=page.current, by=by
            )


@contextlib.contextmanager
def newly_opened(run: RunFolder, clock: Callable[[], datetime], *, by: str) -> Iterator[None]:
    """Carry `run` out in here when it was opened just now: if another run keeps it out, it is over.

    Left open it would be the last run, and whoever resumes the last run would begin it when the other is over.
    """
    try:
        yield
    except Busy:
        with contextlib.suppress(Busy, JournalError), run.journal(by) as journal:
            if all(isinstance(event, Opened) for event in journal.events()):
                journal.append([Ended(at=clock(), outcome=Outcome.REFUSED)])
        raise
