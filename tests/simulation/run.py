"""One run in a story: its folders, one a machine, and the processes that carry it, one life after another.

All of it is the product's own: folders, journals, claims, terms, copies, the driver and its hands. Only what they stand
on is simulated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from math import inf
from pathlib import Path

from seawall import carrying, run_folder
from seawall.carrying import carry_out, newly_opened
from seawall.decide import Ask, Finish
from seawall.driving import AtPlaces
from seawall.errors import BadInput, Busy, JournalError, SeawallError
from seawall.hands import ThreadHands
from seawall.inbox import FileInbox, put
from seawall.journal import Ended, Event, Outcome, Overridden, Started, Word
from seawall.journal_file import last_event, read_journal
from seawall.places import Places
from seawall.plan import Plan
from seawall.recovering import recover
from seawall.run_folder import RunFolder, create_run
from seawall.state import State
from seawall.steady import steady
from tests.simulation.kernel import Kernel, Process
from tests.simulation.outside import Wires
from tests.simulation.people import People
from tests.simulation.signing import judge, request
from tests.simulation.virtual import MIDNIGHT, kernel

_MIDNIGHT = datetime.fromtimestamp(MIDNIGHT, UTC)


def moment(seconds: float) -> datetime:
    """Return a time of the story as a date."""
    return _MIDNIGHT + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties a run to its story.

    Attributes:
        folder: where machines keep their folders.
        places: makes the three places as one process reaches them; None where the city has none.
        wall: tells what a place's wall clock shows.
        term_ends: tells until when a process has the term of its run, at most.
        ends_at_places: tells when each end of a run came about that a place knows.
        begins: told of every process that begins to carry a run.
        over: told of every one that is gone.
    """

    kernel: Kernel
    folder: Path
    wires: Wires
    places: Callable[[], Places] | None
    wall: Callable[[str], float]
    tell: Callable[[str, str], None]
    listens: bool
    term_ends: Callable[[str], float]
    ends_at_places: Callable[[str], list[float]]
    begins: Callable[[Run, Process, int], None]
    over: Callable[[Run], None]


@dataclass
class Run:
    """A run, and everybody who has to do with it.

    Attributes:
        place: where it was taken up last.
        lives: how many processes have carried it.
        stopped_with: what the last of them came to: an end, a question, or an error; None: it was killed.
        turned_away: how often somebody was, because another holds it or what it wants.
        ended: how it ended; `ends` when, also before it was let go on.
        written: every event that was written, by whichever process.
        driven: when it began each step.
        began: when it began each change.
        uncovered: changes that were begun with limits beyond the term of who began them.
        is_lost: its machine is gone, and no place knows enough of it to take it up.
    """

    id: str
    plan: Plan
    place: str
    people: People
    ties: Ties
    processes: list[Process] = field(default_factory=list)
    lives: int = 0
    stopped_with: Finish | Ask | SeawallError | None = None
    turned_away: int = 0
    ended: Ended | None = None
    ends: list[float] = field(default_factory=list)
    written: list[Event] = field(default_factory=list)
    driven: list[float] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    is_lost: bool = False
    opened_by: str = ""

    @property
    def spans(self) -> list[tuple[float, float]]:
        """From when until when it was under way: each time from the first step that was begun to the run's end."""
        edges = pairwise((-1.0, *sorted((*self.ends, *self.ties.ends_at_places(self.id))), inf))
        steps = (([one for one in self.driven if before < one <= end], end) for before, end in edges)
        return [(begun[0], end) for begun, end in steps if begun]

    @property
    def overridden_by(self) -> set[str]:
        """Who said that it is to go on without evidence."""
        return {one.by for one in self.written if isinstance(one, Overridden)}

    @property
    def brought_home(self) -> bool:
        """Whether it has brought the service home after a failover."""
        is_done = self.ended is not None and self.ended.outcome is Outcome.DONE
        return is_done and self.plan.runbook == "postgres-failback"

    def folder(self, place: str) -> RunFolder:
        """Return its folder on the machine of a place, whether or not it is there."""
        return RunFolder(self.ties.folder / place, self.id)

    @property
    def journals(self) -> dict[str, tuple[Event, ...]]:
        """Read its journal wherever there is one. Raises: Tampered, when a chain does not verify."""
        folders = {place.name: self.folder(place.name) for place in self.ties.folder.iterdir()}
        return {
            name: read_journal(one.journal_path) for name, one in folders.items() if one.journal_path.exists()
        }

    def say(self, word: Word) -> None:
        """Put a word into its inbox, if it can still be heard."""
        self.ties.tell(getattr(word, "by", "somebody"), f"says {_words(word)}")
        folder = self.folder(self.place)
        if self.ended is None and folder.path.exists():
            with suppress(BadInput):  # it ended with a process that died of that
                _lay(folder, word)
            for process in self.processes:
                process.nudged()

    def reopen(self, word: Overridden) -> None:
        """Put a word into the inbox of a run that has failed, and have it taken up."""
        self.ties.tell(word.by, f"says {_words(word)}")
        folder = self.folder(self.place)
        if folder.path.exists():
            _lay(folder, word)
            if not self.processes:
                self.carry_on(self.opened_by)

    def carry_on(self, by: str, place: str | None = None) -> Process:
        """Begin a process that opens it, or takes it up, fetched from its copies when that place does not have it."""
        self.lives += 1
        self.opened_by = self.opened_by or by
        life, here = self.lives, place or self.place
        process = Process(self.ties.kernel, f"{self.id}#{life}", here)
        if self.ties.places:
            process.longest_nap = 2.0  # a term that was asked for waits for nobody
        process.wall = lambda: self.ties.wall(here)
        process.at_end.append(lambda: self._gone(process))
        self.processes.append(process)
        self.ties.begins(self, process, life)
        self.ties.kernel.spawn(process, lambda: self._live(process, by))
        return process

    def _gone(self, process: Process) -> None:
        self.processes.remove(process)
        if not process.came_to_an_end:
            self._look_for_the_end(process)
            self.stopped_with = None
            self.ties.tell(process.name, f"is killed, at instant {process.instants}")
        self.ties.kernel.after(0.0, lambda: self.ties.over(self))

    def _live(self, process: Process, by: str) -> None:
        try:
            end: Finish | Ask | SeawallError = self._carried(process, by)
        except SeawallError as error:
            end = error
            self.turned_away += isinstance(error, Busy)
        self._look_for_the_end(process)
        process.came_to_an_end = True
        if not (isinstance(end, Busy) and (self.processes[0] is not process or self.ended)):
            self.stopped_with = end
        self.ties.tell(process.name, f"stops: {_stop(end)}")
        process.kill()

    def _look_for_the_end(self, process: Process) -> None:
        """Its end may have been written by a process that died of that, or by one that was turned away."""
        with suppress(SeawallError):
            self._note_the_end(last_event(self.folder(process.place).journal_path))

    def _carried(self, process: Process, by: str) -> Finish | Ask:
        ties, folder = self.ties, self.folder(process.place)
        clock = steady(lambda: moment(process.wall()))
        ahead = moment(ties.kernel.now) - clock()

        def watch(event: Event, state: State) -> None:
            if ties.listens:
                ties.tell(process.name, _told(event))
            self.written.append(event)
            if isinstance(event, Started):
                self.driven.append(ties.kernel.now)
            if isinstance(event, Started) and (event.undoing or self.plan.by_id[event.step].changes):
                self.began.append(ties.kernel.now)
                if ties.places:
                    self._check_term(process.name, event, event.until + ahead)
            if isinstance(event, Overridden):
                self.ended = None
            self._note_the_end(event)
            self.people.watch(event, state)

        places = ties.places() if ties.places else None
        at = AtPlaces(places, lambda line: ties.tell(process.name, line)) if places else None
        hands = ThreadHands(ties.wires.world(clock, places), clock)
        carry = partial(carry_out, folder, hands, clock, watch=watch, at=at, by=by)
        if self.people.pen is not None:
            carry = partial(carry, gate=judge(folder.runs, places))
        if folder.path.exists():
            self.place = process.place
            return carry()
        if not self._is_anywhere():
            sign = partial(request, self.plan, by=by, now=clock()) if self.people.pen else None
            create_run(folder.runs, self.plan, by=by, version="simulated", now=clock(), sign=sign)
            with newly_opened(folder, clock, by=by):
                return carry()
        assert places is not None
        try:
            lines = recover(places, folder, clock, by=by, tell=lambda line: ties.tell(process.name, line))
        except (BadInput, JournalError):
            self.is_lost = True
            raise
        self.is_lost = False
        ties.tell(process.name, f"has fetched {lines} lines from the copies")
        self.place = process.place
        return carry()

    def _check_term(self, process: str, event: Started, until: datetime) -> None:
        ends = self.ties.term_ends(process)
        if until > moment(ends):
            who = f"{process} began {event.step} with a limit until {until:%H:%M:%S.%f}"
            self.uncovered.append(f"{who}, and its term was over at {moment(ends):%H:%M:%S.%f}")

    def _is_anywhere(self) -> bool:
        return any(self.folder(place.name).path.exists() for place in self.ties.folder.iterdir())

    def _note_the_end(self, event: Event | None) -> None:
        if isinstance(event, Ended) and self.ended is None:
            self.ended = event
            self.ends.append(self.ties.kernel.now)


@contextmanager
def named(*, signed: bool) -> Iterator[None]:
    """Have runs called after the process that opens them, and the same in every telling; the same plan is read once.

    Args:
        signed: whether machines have a trust root.
    """
    were = {name: vars(run_folder)[name] for name in ("_names", "_plan_in", "trust_folder")}

    def names(runbook: str, now: datetime) -> Iterator[str]:
        del runbook, now
        current = kernel().current
        assert current is not None
        yield current.process.name.partition("#")[0]

    _laid.clear()
    inbox, vars(carrying)["FileInbox"] = vars(carrying)["FileInbox"], _Inbox
    vars(run_folder).update(
        _names=names,
        _plan_in=_plan_in,
        trust_folder=lambda *_: Path("trust of the story") if signed else None,
    )
    try:
        yield
    finally:
        vars(run_folder).update(were)
        vars(carrying)["FileInbox"] = inbox


_plan_in = cache(run_folder._plan_in)
_laid: Counter[Path] = Counter()
"""How many words were laid into each inbox."""


def _lay(folder: RunFolder, word: Word) -> None:
    _laid[folder.inbox_path] += 1
    put(folder, word)


class _Inbox(FileInbox):
    """The product's own inbox, which looks into its folder when there is something new in it, and not every turn."""

    def __init__(self, run: RunFolder) -> None:
        super().__init__(run)
        self._looked_at = -1

    def take(self) -> Sequence[Word]:
        laid = _laid[self._path]
        if laid == self._looked_at and not self._given:
            return ()
        self._looked_at = laid
        return super().take()


def _words(word: Word) -> str:
    told = {name: value for name, value in word.model_dump().items() if value not in ("", None, word.kind)}
    told.pop("at")
    told.pop("by", None)
    return f"{word.kind}: {', '.join(f'{name} {value}' for name, value in told.items())}"


def _told(event: Event) -> str:
    about = [str(getattr(event, name)) for name in ("step", "attempt", "outcome") if hasattr(event, name)]
    about += [
        f"({getattr(event, name)})"
        for name in ("problem", "because", "summary", "what", "answer")
        if getattr(event, name, None)
    ]
    about += [
        f"{name} {getattr(event, name)}"
        for name in ("undoing", "happened", "acted", "left")
        if getattr(event, name, None) not in (None, False, ())
    ]
    return f"writes {event.kind} {' '.join(about)}"


def _stop(end: Finish | Ask | SeawallError) -> str:
    match end:
        case Finish():
            return f"{end.outcome}" + (f", left {', '.join(end.left)}" if end.left else "")
        case Ask():
            return "waits for " + ", ".join(
                f"{one.of} about {one.step.id} ({one.what})" for one in end.questions
            )
    return f"{type(end).__name__}: {end}"
