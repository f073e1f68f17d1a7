"""Driving a run as one of many machines that could: its claims and term at the three places, its journal copied there.

A city without places has the locks of one machine alone (`seawall.claims`), and every screen says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.catching_up import NothingBegun, catch_up, parted
from seawall.claims_at_places import claim_at, release_at
from seawall.copies import THE_PLAN, Copies, forget_open, plan_key
from seawall.drive import Hold
from seawall.drivers import this_driver
from seawall.errors import JournalError, SeawallError, Tampered
from seawall.journal import Ended, Event, Journal, Outcome, Started, WentAlone
from seawall.journal_file import FileJournal, has_ended
from seawall.places import Places, PlaceSilent
from seawall.plan import Plan
from seawall.replicated import KEPT_WITHIN, ReplicatedJournal
from seawall.run_folder import RunFolder
from seawall.signed import Signed
from seawall.slots import Unclear
from seawall.terms import Tell, Term, too_few, untold

NOT_KNOWN_YET = (
    "no change is begun yet: two places must hold how this run was opened, so that it can be taken up"
)


@dataclass(frozen=True, slots=True)
class AtPlaces:
    """The city's places, for one command.

    Attributes:
        places: the three of them.
        tell: is told what is waited for, in words for a person.
        alone: two people who let the run go on though too few places answer, and `signatures` what they signed.
    """

    places: Places
    tell: Tell = untold
    alone: tuple[str, str] | None = None
    signatures: tuple[Signed, ...] = ()


@contextlib.contextmanager
def driven(
    run: RunFolder, file: FileJournal, at: AtPlaces, clock: Callable[[], datetime], by: str
) -> Iterator[tuple[Journal, Hold]]:
    """Hold the run at the places while the block drives it; `file` is its journal here, held by this process.

    A new run's plan goes out beside its claims, unless it was foreseen, and its first line when two places hold it.

    Raises:
        Busy: another run holds what this one wants.
        TermLost: another drives the run. Here and later, in the block.
        PlaceSilent: too few places answer, and nobody let the run go on alone.
        NothingBegun: it was given up elsewhere before it could change anything; that is in its journal then.
        Tampered: the places hold other lines than this machine does.
    """
    if at.alone is not None:
        silent = tuple(sorted(at.places.quiet))
        yield file, _Alone(WentAlone(at=clock(), by=at.alone, silent=silent, signatures=at.signatures))
        return
    plan = run.plan
    term = Term(at.places, run.id, this_driver(run.runs, by), _longest(plan), at.tell)
    copies, new = Copies(at.places, run.id, term.lose), file.count <= 1
    try:
        if new:
            copies.keep_plan(run.opened.plan, run.plan_content())
        with _claimed(run, plan, at.places, term, new=new), term, _given_up(run, file, clock):
            known = _same_lines(at.places, run, file, term)
            journal = ReplicatedJournal(file, copies, plan, term, clock)
            try:
                _send_again(copies, run, file, known, term, plan_is_sent=new)
                yield journal, _Hold(term, journal, at.tell)
            finally:
                journal.close()
    finally:
        copies.close(timedelta())


@dataclass(slots=True)
class _Hold:
    """A term, with what the journal has to say of its copies."""

    term: Term
    journal: ReplicatedJournal
    tell: Tell
    told: bool = False

    def covers(self, limit: timedelta) -> bool:
        return self._is_known() and self.term.covers(limit)

    def _is_known(self) -> bool:
        """Tell whether whoever takes the run up elsewhere finds it; at first, wait for that."""
        self.term.check()
        if self.journal.is_known(timedelta() if self.told else KEPT_WITHIN):
            return True
        self.term.check()
        if not self.told:
            self.told = True
            self.tell(NOT_KNOWN_YET)
        return False

    def remarks(self) -> Sequence[Event]:
        self.term.check()
        return self.journal.take()


class _Alone:
    """What two people answer for: nothing was asked of the places, and nothing is."""

    def __init__(self, said: WentAlone) -> None:
        self._said: tuple[Event, ...] = (said,)

    def covers(self, _limit: timedelta) -> bool:
        return True

    def remarks(self) -> Sequence[Event]:
        said, self._said = self._said, ()
        return said


@contextlib.contextmanager
def _claimed(run: RunFolder, plan: Plan, places: Places, term: Term, *, new: bool) -> Iterator[None]:
    """Claim what the run wants and take its term, side by side; give the claims back when it has ended."""
    with ThreadPoolExecutor(1, thread_name_prefix="claims") as beside:
        claimed = beside.submit(claim_at, places, plan.claims, run.id, term.driver, _ended(run, places))
        try:
            term.take(new=new)
        finally:
            try:
                claimed.result()
            except BaseException:
                term.let_go()
                raise
    try:
        yield
    finally:
        with contextlib.suppress(SeawallError):
            if has_ended(run.journal_path):
                release_at(places, plan.claims, run.id)
                forget_open(places, run.id)


def _ended(run: RunFolder, places: Places) -> Callable[[str], bool]:
    """Tell of other runs whether their end can be shown: by their journal here, or by its copies."""

    def ended(other: str) -> bool:
        here = RunFolder(run.runs, other).journal_path
        with contextlib.suppress(JournalError):
            if has_ended(here):
                return True
        with contextlib.suppress(SeawallError):
            known = catch_up(places, other, b"")
            if known.is_given_up:  # at one place alone it could be made void yet
                return known.copied > 0
            return bool(known.lines) and b'"kind":"ended"' in known.lines[-1]
        return False

    return ended


def _spoilt(run: RunFolder, places: Collection[str]) -> PlaceSilent:
    key, where = plan_key(run.opened.plan), " and ".join(sorted(places))
    return PlaceSilent(
        f"two of the three places must hold its plan, and at {where} something else stands there",
        where=f"run {run.id}, {key}",
        remedy="A put that broke off may have left it. Look at it, remove it there, and start again (docs/places.md)",
    )


def _longest(plan: Plan) -> timedelta:
    return max((step.within for step in plan.steps if step.changes), default=timedelta())


@contextlib.contextmanager
def _given_up(run: RunFolder, file: FileJournal, clock: Callable[[], datetime]) -> Iterator[None]:
    """Write it down when the run was given up elsewhere: then it is over here too.

    Not where two people let it go on alone and it changed something, of which the places knew nothing.
    """
    try:
        yield
    except NothingBegun as error:
        if any(isinstance(one, Started) and run.plan.by_id[one.step].changes for one in file.events()):
            raise parted(run.id, 1) from error
        file.append([Ended(at=clock(), outcome=Outcome.REFUSED)])
        raise


def _same_lines(places: Places, run: RunFolder, file: FileJournal, term: Term) -> int:
    """Bring the journal here up to what the places know; return how many lines a majority holds already."""
    before = tuple(one for one in term.begun if one != term.began)
    if not before:
        return 0
    known = catch_up(places, run.id, file.content(), void=before)
    try:
        file.take_in(b"".join(known.lines[known.here :]))
    except Tampered as error:  # they follow another line than the last one here
        raise parted(run.id, known.here + 1) from error
    return known.copied


def _send_again(
    copies: Copies, run: RunFolder, file: FileJournal, copied: int, term: Term, *, plan_is_sent: bool
) -> None:
    """Send out what too few places hold: the plan, and when they have it, the lines of the journal."""
    if not copied and not plan_is_sent:
        copies.keep_plan(run.opened.plan, run.plan_content())
    copies.drive(term.began, copied)
    if not copies.are_kept(THE_PLAN, KEPT_WITHIN):
        raise (
            _spoilt(run, copies.spoilt) if copies.spoilt else too_few(Unclear(copies.silent), f"run {run.id}")
        )
    rest = b"".join(file.content().splitlines(keepends=True)[copied:])
    if rest:
        copies.add(copied + 1, rest)
