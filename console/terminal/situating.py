"""The city's situation as it is from here: what was kept of looks, or what a look now sees, with runs and schedules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from console.terminal.desk import Desk
from console.terminal.status_bags import go_bags
from console.terminal.status_words import SAYS, said
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput, Busy, JournalError
from seawall.freezing import Freeze, freezes_here
from seawall.locks import Lock, held_by, is_held
from seawall.reviews import owed_at
from seawall.run_list import latest_ended, open_runs
from seawall.sightings import Sighting, Sightings, keep_sightings, read_sightings, watch_folder, watch_lock
from seawall.situation import ReviewOwed, ServeNow, Situation, Watcher, runs_now, schedule_now, services_now

if TYPE_CHECKING:
    from seawall.inventory import Inventory
    from seawall.situation import ScheduleNow

ValueT = TypeVar("ValueT")

MISTAKES = 3
"""How many mistakes in the city's files are named; `seawall check` shows them all."""
GROWS_WITHIN = timedelta(minutes=1)
"""How long the folder of a drill under way stays as it is, at most: its ledger takes many writes a second."""
WATCHED_ALREADY = "watching this city"
ONE_IS_ENOUGH = "One is enough; end that one first, or leave it to it"


def situation_of(desk: Desk, *, look: bool = False, by: str = "") -> Situation:
    """Tell how the city is now; what cannot be told is a problem of the situation, and stops nothing else.

    Args:
        desk: the city.
        look: look at every service now, and keep what is seen unless somebody watches.
        by: who looks.
    """
    problems: list[str] = []
    inventory = _tried(lambda: desk.inventory, None, problems)
    kept = _tried(lambda: read_sightings(desk.runs), Sightings(), problems)
    seen: Mapping[str, Sighting] = kept.services
    if look and inventory is not None:
        seen = _look(desk, seen, by, problems)
    now, keeps = surroundings().now(), desk.bag is None
    holder = held_by(watch_lock(desk.runs)) if is_held(watch_lock(desk.runs)) else None
    return Situation(
        at=now,
        city=inventory.city.title if inventory else None,
        services=services_now(inventory, seen, now) if inventory else (),
        runs=_tried(lambda: runs_now(desk.runs, open_runs(desk.runs), now, inventory), (), problems),
        latest=_tried(lambda: latest_ended(desk.runs), None, problems),
        # Nothing runs by itself where there is only a go-bag.
        schedules=_tried(lambda: _schedules(desk, inventory, now), (), problems)
        if keeps and inventory
        else (),
        serve=_serve(desk, now) if keeps and inventory else None,
        watcher=Watcher(by=holder.by, since=holder.since) if holder else None,
        drill=_drill_under_way(desk.folder / "drills", now),
        go_bags=_tried(lambda: go_bags(desk), (), problems) if inventory else (),
        reviews=_tried(lambda: _reviews(desk.runs), (), problems),
        freezes=_tried(lambda: _freezes(desk.runs), (), problems),
        problems=tuple(problems),
    )


def _freezes(runs: Path) -> tuple[Freeze, ...]:
    return tuple(one for one in freezes_here(runs) if one.lifted is None)


def _tried(reads: Callable[[], ValueT], otherwise: ValueT, problems: list[str]) -> ValueT:
    try:
        return reads()
    except BadInput as error:
        problems += [f"{one.where}: {one.problem}. {one.remedy}." for one in error.mistakes[:MISTAKES]]
        if len(error.mistakes) > MISTAKES:
            problems.append(said(SAYS["more-mistakes"], count=len(error.mistakes) - MISTAKES))
    except JournalError as error:
        problems.append(str(error))
    return otherwise


def _drill_under_way(drills: Path, now: datetime) -> str | None:
    """Return the drill whose folder still grows and has no scorecard; one that was broken off grows no more."""
    try:
        newest = max(
            (one for one in drills.iterdir() if one.is_dir()), key=lambda one: one.name, default=None
        )
        if newest is None or (newest / "drill.json").exists():
            return None
        grew = max(one.stat().st_mtime for one in (newest, *newest.iterdir()))
    except OSError:
        return None
    return newest.name if now.timestamp() - grew < GROWS_WITHIN.total_seconds() else None


def _schedules(desk: Desk, inventory: Inventory, now: datetime) -> tuple[ScheduleNow, ...]:
    from flows.schedules import standings

    return tuple(schedule_now(one) for one in standings(desk.settings, inventory, now))


def _reviews(runs: Path) -> tuple[ReviewOwed, ...]:
    return tuple(ReviewOwed(run=one.run, since=one.since, by=one.by) for one in owed_at(runs))


def _serve(desk: Desk, now: datetime) -> ServeNow:
    from console.terminal.serve.standing import serve_found
    from seawall.serve_folder import ServeFolder

    found = serve_found(ServeFolder.of(desk.folder), now)
    return ServeNow(well=found.well, saw=found.saw, remedy=found.remedy)


def _look(desk: Desk, before: Mapping[str, Sighting], by: str, problems: list[str]) -> Mapping[str, Sighting]:
    from connectors.watcher import look_once
    from connectors.watching import watched

    city = _tried(lambda: desk.city, None, problems)
    if city is None:
        return before
    with desk.open_world() as world:
        seen = look_once(watched(city.inventory), world, before, surroundings().now)
    # When somebody watches, what is seen is kept by them: counted here too, each miss would be one too many.
    try:
        with contextlib.suppress(Busy), take_watch(desk, by):
            keep_sightings(desk.runs, seen, by=by)
    except JournalError as error:
        problems.append(str(error))
    return seen


def take_watch(desk: Desk, by: str) -> Lock:
    """Be the one who watches this city. Raises: Busy, naming the one who does; JournalError."""
    from seawall.files import make_folder

    make_folder(watch_folder(desk.runs))
    return Lock.take(watch_lock(desk.runs), by, what=WATCHED_ALREADY, remedy=ONE_IS_ENOUGH)
