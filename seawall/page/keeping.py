"""Keep the status pages of a city: one file a run, and an index that shows what matters most right now.

Pages are written beside the run, in a thread of their own, from the journal's events. That they cannot be written stops
no run and slows none: it is noted once. Exercises have a folder of their own, and file names that say so.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from seawall.actions import Enclosure
from seawall.errors import Busy, SeawallError
from seawall.journal import Event
from seawall.loading import City
from seawall.locks import Lock
from seawall.page.index import seen_lately, whole_index
from seawall.page.status import Known, Status, status_of
from seawall.page.writing import to_html
from seawall.plan import Plan
from seawall.run_folder import RunFolder
from seawall.settings import Settings
from seawall.state import State

MARKED = "ØVELSE-EXERCISE-"
"""What the file names of exercises begin with."""
SETTLES = timedelta(milliseconds=500)
"""How long events are gathered before they are written: a failover has twenty of them in a third of a second."""
SHARE = 0.02
"""How much of the time may go into writing pages, at most."""
LAST_WITHIN = 3.0
"""Seconds that the end of a run waits for its last page."""
FOLDER_MODE, FILE_MODE = 0o755, 0o644
"""Everybody may read what is published; a web server is another account."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a city's pages are kept, and what is known for them.

    Attributes:
        note: is told once a run when its page cannot be written.
    """

    known: Known
    zone: tzinfo
    runs: Path
    real: Path
    exercises: Path
    note: Callable[[str], None] = lambda _: None

    @classmethod
    def of(cls, settings: Settings, city: City, note: Callable[[str], None]) -> Self:
        """Take them from a city and its settings."""
        known = Known(city.inventory, city.runbooks, settings.update_every, settings.telephone)
        zone = ZoneInfo(city.inventory.city.timezone)
        return cls(known, zone, settings.runs, settings.pages, settings.exercise_pages, note)

    @contextlib.contextmanager
    def following(
        self, run: RunFolder, past: Sequence[Event], clock: Callable[[], datetime]
    ) -> Iterator[PageOfRun]:
        """Write the page of a run for as long as it is carried out in the block, and once more when that ends."""
        page = PageOfRun(self, run.plan, run.id, past, clock)
        page.begin()
        try:
            yield page
        finally:
            page.end()

    def folder(self, plan: Plan) -> Path:
        """Return where the pages of such a plan belong."""
        return self.exercises if plan.exercise else self.real


@dataclass(slots=True)
class PageOfRun:
    """The page of one run while it is carried out."""

    pages: Pages
    plan: Plan
    run: str
    past: Sequence[Event]
    clock: Callable[[], datetime]
    _events: queue.SimpleQueue[Event | None] = field(default_factory=queue.SimpleQueue)
    _state: State | None = None
    _fold: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _noted: bool = False
    _took: float = 0.0

    @property
    def name(self) -> str:
        """The page's file name."""
        return f"{MARKED if self.plan.exercise else ''}{self.run}.html"

    def begin(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._write_on, name=f"page of {self.run}", daemon=True)
        self._thread.start()

    def saw(self, event: Event) -> None:
        """Take an event in; it is written soon. Raises nothing, and costs next to nothing."""
        self._events.put(event)

    def end(self) -> None:
        """Write the page a last time, and wait for that a little."""
        self._events.put(None)
        if self._thread is not None:
            self._thread.join(LAST_WITHIN)
            if self._thread.is_alive():
                self._note("it took too long")

    def current(self) -> Enclosure | None:
        """Return the page as it is now, to go with a message; None when it cannot be made. Raises nothing."""
        try:
            return Enclosure(self.name, to_html(self._status(), self.pages.zone))
        except Exception as error:  # noqa: BLE001 - the rim: a message must leave, with its page or without
            self._note(f"{type(error).__name__} while it was made")
            return None

    def _write_on(self) -> None:
        patience = self.pages.known.every.total_seconds() * 0.9
        self._settle()  # at first, too: the run itself has more to do in its first half second than at any other time
        while not self._over.is_set():
            self._write()
            if self._over.is_set():  # the run ended while it was written, and nothing more comes
                break
            # Nothing happened for so long: written again, so that the promised next update comes.
            self._take_in(wait=patience)
            self._settle()
        self._write()

    def _settle(self) -> None:
        """Take in what happens until it is time to write."""
        end = time.monotonic() + max(SETTLES.total_seconds(), self._took / SHARE)
        while not self._over.is_set() and (left := end - time.monotonic()) > 0:
            self._take_in(wait=left)

    def _take_in(self, *, wait: float = 0.0) -> None:
        """Fold what has happened, waiting for the first of it."""
        try:
            events = [self._events.get(timeout=wait) if wait else self._events.get_nowait()]
            while True:
                with self._fold:
                    for one in events:
                        self._apply(one)
                events = [self._events.get_nowait()]
        except queue.Empty:
            pass

    def _apply(self, event: Event | None) -> None:
        if event is None:
            self._over.set()
        else:
            self._folded().apply(event)

    def _folded(self) -> State:
        """Return what has been taken in so far; for whoever holds the fold."""
        if self._state is None:
            self._state = State(self.plan, self.past)
        return self._state

    def _status(self) -> Status:
        self._take_in()
        with self._fold:
            state = self._folded()
            halted = self._over.is_set() and state.ended is None
            return status_of(
                state,
                self.pages.known,
                now=self.clock(),
                halted=halted,
                sightings=seen_lately(self.pages.runs),
            )

    def _write(self) -> None:
        began = time.monotonic()
        try:
            status = self._status()
            folder = self.pages.folder(self.plan)
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            publish(folder / self.name, to_html(status, self.pages.zone))
            self._write_index(folder, status)
        except OSError as error:
            self._note(f"{folder_of(self)}: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - the rim: no fault of a page may reach a run
            self._note(
                f"{type(error).__name__}: {error}"
                if isinstance(error, SeawallError)
                else type(error).__name__
            )
        self._took = time.monotonic() - began

    def _write_index(self, folder: Path, status: Status) -> None:
        with contextlib.ExitStack() as held:
            with contextlib.suppress(Busy):  # then the other one writes the same
                lock = Lock.take(
                    self.pages.runs / ".pages.lock",
                    self.run,
                    what="the index of pages",
                    remedy="Wait a moment",
                    within=timedelta(seconds=1),
                )
                held.enter_context(lock)
            mark = MARKED if self.plan.exercise else ""
            index = whole_index(self.pages.runs, self.pages.known, status, mark=mark, now=self.clock())
            if index is not None:
                shown, others = index
                publish(folder / f"{mark}index.html", to_html(shown, self.pages.zone, others))

    def _note(self, why: str) -> None:
        if not self._noted:
            self._noted = True
            with contextlib.suppress(Exception):  # whoever is told may be gone
                self.pages.note(
                    f"The status page of {self.run} could not be written ({why}); the run goes on"
                )


def folder_of(page: PageOfRun) -> Path:
    """Return where a run's page is written."""
    return page.pages.folder(page.plan)


def publish(path: Path, html: str) -> None:
    """Put a page in its place, whole or not at all. Not flushed to the disk: a run's own writes would wait for that.

    Raises:
        OSError: as the system says.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        half.write_text(html, encoding="utf-8")
        half.chmod(FILE_MODE)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
