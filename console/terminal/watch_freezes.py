"""The freeze while services are watched: told when it stands, begins or is lifted, also one that was made elsewhere.

The places are asked beside the looks, so that a silent one holds up none of them; what they say is kept on this
machine, where `seawall status` and the console's pages read it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, tzinfo
from pathlib import Path

from console.terminal.screen import Screen, words
from console.terminal.status_words import GOES_ON, SAYS, said
from seawall.errors import JournalError
from seawall.freezing import FOLDER, Freeze, freeze_standing, freezes_here
from seawall.places import Places
from seawall.report.figures import moment

ASKED_EVERY = timedelta(seconds=20)
DOUBTFUL = 2_000_000_000
"""Nanoseconds."""


class FreezeTeller:
    """Tells of freezes, each once when it begins and once when it is lifted."""

    def __init__(self, runs: Path, zone: tzinfo, screen: Screen) -> None:
        self._runs, self._zone, self._screen = runs, zone, screen
        self._told: dict[str, bool] = {}
        self._mark: int | None = None
        self._silent_told: tuple[str, ...] = ()
        self._problem_told = ""
        self.silent: tuple[str, ...] = ()
        """Places that could not be asked, the last time."""
        self.problem = ""
        """Why what is kept here, or what places said, cannot be read or kept."""

    def tell(self) -> None:
        """Say what has changed since it was last said. Costs next to nothing where nothing has."""
        mark = self._changed_at()
        if mark != self._mark:
            # Of two words within one tick of the file system's clock the second would go unseen.
            self._mark = mark if time.time_ns() - mark > DOUBTFUL else None
            self._tell_all()
        if self.silent != self._silent_told:
            self._silent_told = self.silent
            self._tell_silent()
        self._tell_problem(self.problem)

    def _tell_all(self) -> None:
        try:
            found = freezes_here(self._runs)
        except JournalError as error:
            self.problem = str(error)
            return
        self.problem = ""
        for one in found:
            known, stands = self._told.get(one.name), one.lifted is None
            self._told[one.name] = stands
            if stands and known is None:
                self._say_frozen(one)
            elif not stands and known:
                self._say_lifted(one)

    def _tell_problem(self, problem: str) -> None:
        if problem and problem != self._problem_told:
            self._screen.say(problem, "bad", hang=2)
        self._problem_told = problem

    def _say_frozen(self, one: Freeze) -> None:
        line = said(SAYS["frozen"], by=one.by, at=moment(one.at, self._zone), why=one.why)
        self._screen.say(f"{line}. {words(GOES_ON)}.", "bad", hang=2)

    def _say_lifted(self, one: Freeze) -> None:
        if one.lifted is not None:
            at = moment(one.lifted.at, self._zone)
            self._screen.say(
                said(SAYS["thawed"], by=one.lifted.by, at=at, why=one.lifted.why), "good", hang=2
            )

    def _tell_silent(self) -> None:
        if self.silent:
            self._screen.say(said(SAYS["freeze-untold"], places=", ".join(self.silent)), "warn", hang=2)
        else:
            self._screen.say(said(SAYS["freeze-told"]), "good", hang=2)

    def _changed_at(self) -> int:
        try:
            return (self._runs / FOLDER).stat().st_mtime_ns
        except OSError:
            return 0


@contextmanager
def asking(teller: FreezeTeller, runs: Path, places: Places | None) -> Iterator[None]:
    """Have the places asked again and again, within, whether there is a freeze; their silence is told too."""
    over = threading.Event()

    def ask() -> None:
        while places is not None and not over.is_set():
            try:
                standing = freeze_standing(runs, places)
            except JournalError as error:
                teller.problem = str(error)
            else:
                teller.silent, teller.problem = standing.silent, ""
            over.wait(ASKED_EVERY.total_seconds())

    # Nobody waits for its end: a silent place would hold up Ctrl-C.
    threading.Thread(target=ask, name="freezes", daemon=True).start()
    try:
        yield
    finally:
        over.set()
