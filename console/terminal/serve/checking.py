"""How `serve` and each schedule stand, from their files: for `serve --check`, `doctor` and `status`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from console.terminal.desk import Desk
from console.terminal.screen import Screen, Tone, next_command, out
from console.terminal.serve.said import does, due_text
from console.terminal.serve.standing import INSTALL, Found, rough, serve_found
from console.terminal.surroundings import surroundings
from flows.schedules import standings
from seawall.errors import ExitCode
from seawall.model import duration_text
from seawall.schedules import Kept, ScheduleStanding
from seawall.serve_folder import ServeFolder, ServeRecord, Stand


def schedules_found(desk: Desk, now: datetime) -> list[Found]:
    """Tell how `serve` and each schedule stand. Raises: BadInput for mistakes in the city's settings of them."""
    folder = ServeFolder.of(desk.folder)
    return [
        serve_found(folder, now),
        *(schedule_found(one, desk) for one in standings(desk.settings, desk.city.inventory, now)),
    ]


def schedule_found(one: ScheduleStanding, desk: Desk) -> Found:
    """Tell in words how a schedule stands."""
    what = f"schedule {one.schedule.name} ({does(one.schedule)})"
    last = (
        f"last ran {desk.local(one.last.began):%Y-%m-%d %H:%M}"
        if one.last and one.last.began
        else "has never run"
    )
    due = f"; due {due_text(one.next_due, one.schedule)}" if one.next_due else ""
    match one.kept:
        case Kept.NOBODY:
            return Found(what, None, f"nobody starts it; {last}", INSTALL, only_warns=True)
        case Kept.OVERDUE:
            late = duration_text(rough(one.late or timedelta()))
            when = due_text(one.missed, one.schedule) if one.missed else "long ago"
            whom = f" ({one.last.what})" if one.last and one.last.began is None and one.last.what else ""
            return Found(what, False, f"overdue by {late}: was due {when}, {last}{whom}", _by_hand(one))
        case Kept.UNDER_WAY:
            return Found(what, True, f"under way, {last}{due}")
        case _ if one.ended_badly and one.last is not None:
            remedy = (
                f"See why: seawall show {one.last.what}"
                if one.schedule.flow != "drill"
                else f"Read {desk.folder / 'drills' / one.last.what / 'scorecard.html'}"
            )
            return Found(what, False, f"{last} and did not end well ({one.last.what}){due}", remedy)
        case _:
            return Found(what, True, f"{last}{due}")


def check_served(city: Path | None, *, as_json: bool) -> ExitCode:
    """Show how everything stands. Returns FAILED when `serve` does not run, or something is overdue."""
    desk = Desk.at(city)
    now = surroundings().now()
    found = schedules_found(desk, now)
    folder = ServeFolder.of(desk.folder)
    well = all(one.well for one in found)
    record = folder.record()
    if as_json:
        kept = standings(desk.settings, desk.city.inventory, now)
        out().raw(_as_json(record, kept, running=folder.holder() is not None, well=well))
    else:
        _show(found, record if folder.holder() else None, out())
    return ExitCode.DONE if well else ExitCode.FAILED


def _by_hand(one: ScheduleStanding) -> str:
    given = one.schedule.given
    if one.schedule.flow == "drill":
        command = f"seawall drill run {given.get('scenario', '')}"
        return f"See that `seawall serve` runs; hold it by hand: seawall lab up, then {command}"
    return "See that `seawall serve` runs; verify by hand now: seawall verify-backups"


def _show(found: list[Found], record: ServeRecord | None, screen: Screen) -> None:
    for one in found:
        word, tone = _verdict(one)
        screen.labelled(word, f"{one.what}: {one.saw}", tone, room=10)
        if one.remedy:
            screen.labelled("", f"{one.remedy}.", room=10)
    if record is not None:
        screen.head("Programs")
        screen.pairs((one.name, _program(one.stand, one.address, one.restarts)) for one in record.programs)
        screen.pairs([("logs", str(Path(record.programs[0].log).parent))] if record.programs else [])
        screen.say(f"Ends within {record.stops_within:.0f} s of kill {record.pid}.", "dim", indent=2)
    next_command(screen, "seawall serve" if record is None else "seawall runs")


def _program(stand: Stand, address: str | None, restarts: int) -> str:
    words: Iterator[str] = filter(None, (str(stand), address, f"{restarts} restarts" if restarts else ""))
    return ", ".join(words)


def _verdict(one: Found) -> tuple[str, Tone]:
    if one.well:
        return "well", "good"
    return ("warning", "plain") if one.only_warns else ("NOT WELL", "bad")


def _as_json(
    record: ServeRecord | None, kept: tuple[ScheduleStanding, ...], *, running: bool, well: bool
) -> str:
    schedules = [
        {
            **one.schedule.model_dump(mode="json"),
            "grace": one.schedule.grace.total_seconds(),
            "stand": one.kept.value,
            "next_due": one.next_due and one.next_due.isoformat(),
            "missed": one.missed and one.missed.isoformat(),
            "overdue_seconds": one.late and one.late.total_seconds(),
            "last": one.last and one.last.model_dump(mode="json"),
        }
        for one in kept
    ]
    served = record and record.model_dump(mode="json")
    return json.dumps({"well": well, "running": running, "serve": served, "schedules": schedules}, indent=2)
