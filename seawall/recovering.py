"""Taking up from its copies a run whose machine is gone: fetched from the three places, checked, and never repeated.

The machine may only be cut off. So its term is waited for, its rounds are made void, and what it could have begun
that no copy shows is in doubt (`seawall.unseen`) before anybody drives the run on from here. A run of which two places
do not show how it was opened has changed nothing: it is given up, for good, and what it claimed is free.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from seawall.catching_up import NothingBegun, catch_up, read_plan
from seawall.claims_at_places import is_claimed_by
from seawall.copies import INDEX, NOTHING_BEGUN, forget_open, lines_key
from seawall.drivers import TermWord, this_driver
from seawall.errors import BadInput, JournalError, Tampered
from seawall.files import FOLDER_MODE, keep_names, make_folder, on_disk, write_whole
from seawall.journal import Ended, Event, Opened, Recovered, events_of, read_lines
from seawall.places import Places
from seawall.run_folder import RunFolder
from seawall.slots import Unclear, read_row
from seawall.steady import reading
from seawall.terms import Tell, Term, row_of_term, too_few, untold


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that the places know to be open.

    Attributes:
        opened: how it was opened; None when the copies do not show that yet.
        lines: how many lines of its journal they hold.
        last: the last thing they show.
        driver: who drove it last, and on which machine; empty when nobody did.
        here: whether this machine has it too.
    """

    run: str
    opened: Opened | None
    lines: int
    last: Event | None
    driver: str
    here: bool


def known_runs(places: Places, runs_here: Callable[[str], bool]) -> tuple[KnownRun, ...]:
    """Return every open run that the places know, the newest first. Raises: PlaceSilent: too few answer."""
    names: set[str] = set()
    answered, silent = 0, list[str]()
    for answer in places.ask(lambda place: place.names(INDEX, places.within)):
        if answer.said is None:
            silent.append(answer.place)
            continue
        names |= {one.removeprefix(INDEX) for one in answer.said}
        answered += 1
        if answered >= places.majority:
            break
    if answered < places.majority:
        raise too_few(Unclear(tuple(silent)), "the places")
    found = (_known(places, name, here=runs_here(name)) for name in sorted(names, reverse=True))
    return tuple(one for one in found if one is not None)


def recover(
    places: Places, run: RunFolder, clock: Callable[[], datetime], *, by: str, tell: Tell = untold
) -> int:
    """Fetch `run` from its copies into its folder here, and return how many lines there were.

    Raises:
        BadInput: it is here already, or the places do not know it.
        NothingBegun: they do not know how it was opened, so it had changed nothing; it is given up now, and never will.
        PlaceSilent: too few places answer.
        Tampered: the copies do not fit together.
    """
    if run.path.exists():
        remedy = f"Take it up: `seawall resume {run.id}`; what the places know besides is fetched then"
        raise BadInput.one("this machine has that run", where=f"run {run.id}", remedy=remedy)
    if not _was_begun(places, run.id):
        remedy = "See `seawall recover` for what the places know; a run that ended is not kept there"
        raise BadInput.one("the places do not know this run", where=f"run {run.id}", remedy=remedy)
    make_folder(run.runs)
    with Term(places, run.id, this_driver(run.runs, by), timedelta(), tell) as term:
        term.take()
        known = catch_up(places, run.id, b"", void=[one for one in term.begun if one != term.began])
        if known.is_given_up or not known.lines:
            _give_up(places, run.id, term)
        content = b"".join(known.lines)
        plan, events = _checked(places, content, run.id)
        said = (
            None
            if isinstance(events[-1], Ended)
            else _recovered(clock, by, _answering(places), waited=term.waited)
        )
        _lay_down(run, plan, content, said, by)
    return len(known.lines)


def _was_begun(places: Places, run: str) -> bool:
    """Tell whether anything stands at the places of a run: a term, or a claim."""
    head = read_row(places, row_of_term(run))
    if isinstance(head, Unclear):
        raise too_few(head, f"run {run}")
    return head.n > 0 or is_claimed_by(places, run)


def _give_up(places: Places, run: str, term: Term) -> NoReturn:
    """Write down, in place of its first line, that the run has changed nothing. Nobody else can write there any more.

    Raises: NothingBegun, when it is written; PlaceSilent: too few places took it in, or another has taken it up.
    """
    key, silent, count = lines_key(run, 1, term.began), list[str](), 0
    for answer in places.ask(lambda place: place.put_if_absent(key, NOTHING_BEGUN, places.within)):
        if answer.silent is not None or answer.said is not None:
            silent.append(answer.place)
        else:
            count += 1
    if count < places.majority:
        raise too_few(Unclear(tuple(silent)), f"run {run}")
    forget_open(places, run)
    problem = "the places do not know how it was opened, so it had changed nothing, and it never will now"
    remedy = "What it claimed is free. If it is wanted still: plan it again"
    raise NothingBegun(problem, where=f"run {run}", remedy=remedy)


def _known(places: Places, name: str, *, here: bool) -> KnownRun | None:
    """Return what the places know of a run; None when it is over, and not every place has taken it off its list yet."""
    known = catch_up(places, name, b"")
    if known.is_given_up:
        return None
    lines = known.lines
    events = tuple(events_of(read_lines(b"".join(lines), f"run {name}")[0], f"run {name}"))
    if events and isinstance(events[-1], Ended):
        return None
    head = read_row(places, row_of_term(name))
    word = None if isinstance(head, Unclear) or not head.content else TermWord.read(head.content)
    driver = f"{word.driver.by} on {word.driver.machine}" if word else ""
    first = events[0] if events and isinstance(events[0], Opened) else None
    return KnownRun(name, first, len(lines), events[-1] if events else None, driver, here)


def _checked(places: Places, content: bytes, run: str) -> tuple[bytes, tuple[Event, ...]]:
    lines, whole = read_lines(content, f"the copies of run {run}")
    events = tuple(events_of(lines, f"the copies of run {run}"))
    opened = events[0] if events and isinstance(events[0], Opened) else None
    plan = None if opened is None else read_plan(places, run, opened.plan)
    if opened is None or plan is None or whole != len(content):
        remedy = "Wait until another place answers and try again; without it the run cannot be taken up"
        raise JournalError("the copies do not show how it was opened", where=f"run {run}", remedy=remedy)
    if hashlib.sha256(plan).hexdigest() != opened.plan or opened.run != run:
        remedy = "Do not take it up; keep the copies as evidence, and plan again"
        raise Tampered(
            "the copy of the plan is not the one that was approved", where=f"run {run}", remedy=remedy
        )
    return plan, events


def _recovered(
    clock: Callable[[], datetime], by: str, known_at: tuple[str, ...], *, waited: bool
) -> Recovered:
    at, uptime = reading(clock)
    return Recovered(at=at, by=by, known_at=known_at, uptime=uptime, waited=waited)


def _answering(places: Places) -> tuple[str, ...]:
    return tuple(name for name in places.names if name not in places.quiet)


def _lay_down(run: RunFolder, plan: bytes, content: bytes, said: Event | None, by: str) -> None:
    """Make the run's folder, there whole or not at all: nobody may drive it before its doubts stand in the journal."""
    half = RunFolder(run.runs, f".new-{run.id}")
    with on_disk(run.path):
        shutil.rmtree(half.path, ignore_errors=True)
        half.path.mkdir(mode=FOLDER_MODE)
        try:
            half.inbox_path.mkdir(mode=FOLDER_MODE)
            write_whole(half.path / "plan.json", plan)
            write_whole(half.journal_path, content)
            if said is not None:
                with half.journal(by) as journal:
                    journal.append([said])
            half.path.rename(run.path)
            keep_names(run.runs)
        except BaseException:
            shutil.rmtree(half.path, ignore_errors=True)
            raise
