"""`seawall watch` at work: looks in the foreground, says what changes, reads the inventory again when it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from connectors.watcher import watch
from connectors.watching import watched
from connectors.world import places_in
from console.terminal.desk import Desk
from console.terminal.screen import Screen, Tone, aside, next_command, out
from console.terminal.signals import surviving_the_terminal
from console.terminal.situating import take_watch
from console.terminal.surroundings import surroundings
from console.terminal.trouble import say_error
from console.terminal.watch_freezes import FreezeTeller, asking
from seawall.errors import BadInput, JournalError
from seawall.report.figures import clock
from seawall.sightings import Condition, Sighting, keep_sightings, read_sightings, sightings_path

LOOKED_FOR_EVERY = 5.0
"""Seconds between two looks whether the inventory's files have changed."""
Files = Mapping[str, tuple[int, int]]
"""By name, when a file was last written (nanoseconds), and its size (bytes)."""


def keep_watch(desk: Desk, by: str) -> None:
    """Watch until Ctrl-C or SIGTERM. Raises: BadInput; Busy, when somebody else watches this city."""
    screen = out()
    with take_watch(desk, by), surviving_the_terminal():
        seen, freezes = _kept(desk), FreezeTeller(desk.runs, desk.zone, screen)
        try:
            _watch_on(desk, by, seen, freezes)
        except KeyboardInterrupt:
            screen.say()
            screen.say("Nobody watches any more; what was seen grows old.")
            next_command(screen, "seawall status")


def _watch_on(desk: Desk, by: str, seen: dict[str, Sighting], freezes: FreezeTeller) -> None:
    # Noted before they are read: what changes meanwhile is seen at the next look.
    files = _files(desk.folder)
    _watch_this(desk, files, by, seen, freezes, again=False)
    while True:
        files = _files(desk.folder)
        desk = _read_again(desk)
        _watch_this(desk, files, by, seen, freezes, again=True)


def _watch_this(
    desk: Desk, files: Files, by: str, seen: dict[str, Sighting], freezes: FreezeTeller, *, again: bool
) -> None:
    """Watch until the inventory's files change."""
    screen = out()
    wanted = watched(desk.city.inventory)
    _say_whom(desk, [one.service for one in wanted], screen, again=again)
    for gone in set(seen) - set(desk.city.inventory.services):
        del seen[gone]
    unchanged = _until_changed(desk.folder, files)

    def goes_on() -> bool:
        freezes.tell()
        return unchanged()

    with desk.open_world() as world, asking(freezes, desk.runs, places_in(world)):
        watch(
            wanted,
            world,
            seen,
            clock=surroundings().now,
            keep=lambda seen: _keep(desk, seen, by),
            changed=lambda name, was, now: _say_change(name, was, now, desk, screen),
            goes_on=goes_on,
        )


def _kept(desk: Desk) -> dict[str, Sighting]:
    """Return what was seen before; a file that is damaged is laid aside, for whoever wants to know."""
    try:
        return dict(read_sightings(desk.runs).services)
    except JournalError as error:
        aside_path = sightings_path(desk.runs).with_suffix(".damaged")
        sightings_path(desk.runs).replace(aside_path)
        aside().say(f"{error.where}: {error.problem}. It was laid aside as {aside_path.name}.", "bad", hang=2)
        return {}


def _keep(desk: Desk, seen: Mapping[str, Sighting], by: str) -> None:
    try:
        keep_sightings(desk.runs, seen, by=by)
    except JournalError as error:  # the disk is full, say; looks go on, and so does what is said here
        aside().say(str(error), "bad", hang=2)


def _say_whom(desk: Desk, names: list[str], screen: Screen, *, again: bool) -> None:
    rest = [name for name in desk.city.inventory.services if name not in names]
    how = "Read the inventory again; watching" if again else "Watching"
    screen.say(f"{how} {len(names)} services by reading, until Ctrl-C: {', '.join(names) or 'none'}.", hang=2)
    if rest:
        screen.say(f"Not watched, for no probe says how: {', '.join(rest)}.", "warn", hang=2)


def _say_change(name: str, was: Sighting | None, now: Sighting, desk: Desk, screen: Screen) -> None:
    tones: dict[Condition, Tone] = {Condition.UP: "good", Condition.DOWN: "bad", Condition.UNKNOWN: "warn"}
    before = f" (was {was.condition.value})" if was is not None and was.condition is not now.condition else ""
    missed = f" after {now.misses} misses" if now.condition is Condition.DOWN else ""
    line = f"{clock(now.looked_at, desk.zone)[:8]} {name} is {now.condition.value}{missed}{before}: {now.saw}"
    screen.say(line, tones[now.condition], hang=9)


def _files(city: Path) -> Files:
    """Return what tells whether the inventory's files are the same."""
    try:
        found = {path.name: path.stat() for path in (city / "inventory").iterdir()}
    except OSError:
        return {}
    return {name: (one.st_mtime_ns, one.st_size) for name, one in found.items()}


def _until_changed(city: Path, files: Files) -> Callable[[], bool]:
    looked = time.monotonic()

    def goes_on() -> bool:
        nonlocal looked
        if time.monotonic() - looked < LOOKED_FOR_EVERY:
            return True
        looked = time.monotonic()
        return _files(city) == files

    return goes_on


def _read_again(desk: Desk) -> Desk:
    """Return the city as its files are now; as they were before when there are mistakes in them."""
    fresh = Desk(desk.settings, desk.bag)
    try:
        _ = fresh.city
    except BadInput as error:
        say_error(error)
        aside().say("Going on with the inventory as it was read before.", "bad")
        return desk
    return fresh
